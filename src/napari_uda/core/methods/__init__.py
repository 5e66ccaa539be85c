"""The adaptation methods: one file each, ending in METHOD."""
