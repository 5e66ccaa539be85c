"""The error that stands for a mistake of the user."""

from __future__ import annotations


class UserError(ValueError):
    """A mistake the user can mend.

    The message is one clear sentence: what was given, what is allowed, what to do.
    Command line and widgets show it as it is, without a traceback.
    """
