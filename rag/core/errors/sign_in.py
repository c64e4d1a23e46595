"""Errors of signing in."""

from rag.core.errors.base import RagError


class SignInError(RagError):
    """The person is not let in."""


class SignInUnusable(SignInError):
    """Sign-in is misconfigured, or the provider does not identify the person."""


class SignInEnded(SignInError):
    """It has expired or was ended; signing in again helps."""


class PersonDisabled(SignInError):
    """An admin has disabled the person."""
