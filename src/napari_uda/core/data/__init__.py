"""Images into patches: normalisation, labels, loading, sampling, inspection."""
