"""Errors as the driver answers them: a code of Pinion's, the SDK's own words, and whether another try may help."""

import asyncio
import json
import re

import grpclib.exceptions
import modal.exception

NO_ANSWER = (
    modal.exception.ConnectionError,
    grpclib.exceptions.StreamTerminatedError,
    grpclib.exceptions.ProtocolError,
    asyncio.TimeoutError,
    OSError,
)
TRANSIENT = (
    modal.exception.ServiceError,
    modal.exception.InternalError,
    modal.exception.InternalFailure,
    modal.exception.ResourceExhaustedError,
    modal.exception.TimeoutError,
)
# Not the bare word: an app may be called so, and errors name their app.
LOCKED = re.compile(r"\b(is|are|was|been|currently) locked\b", re.IGNORECASE)


class Failure(Exception):
    """One answer that is no success."""

    def __init__(self, code: str, message: str, *, retry: bool = False, cause: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.retry, self.cause = code, message, retry, cause

    def answer(self, values: set[str]) -> dict[str, object]:
        """The error's JSON, in which no value of a secret is left, whoever repeated it."""
        answer = {"code": self.code, "message": without(values, self.message), "retry": self.retry}
        return answer if self.cause is None else {**answer, "cause": self.cause}


def spellings(value: str) -> set[str]:
    """A value as an error may repeat it: as it is, on one line, line by line, or quoted."""
    lines = {line.strip() for line in value.splitlines()}
    return {value, " ".join(value.split()), repr(value)[1:-1], json.dumps(value)[1:-1], *lines} - {""}


def without(values: set[str], text: str) -> str:
    """The text with every value struck out, long ones first: a short one may be part of a long one."""
    for value in sorted(set().union(*map(spellings, values)), key=len, reverse=True):
        text = text.replace(value, "[secret]")
    return text


def failure_of(error: BaseException) -> Failure:
    """What any error of the SDK means here."""
    if isinstance(error, Failure):
        return error
    text = " ".join(str(error).split()) or type(error).__name__
    if LOCKED.search(text):
        return Failure("ERR_LEASE", text, retry=True)
    if isinstance(error, modal.exception.ImageBuildError):
        return Failure("ERR_IMAGE_PULL", text, retry="external shut-down" in text or "timed out" in text)
    if isinstance(error, NO_ANSWER):
        return Failure("ERR_NETWORK", f"Modal gave no answer: {text}", retry=True)
    cause = "credentials" if isinstance(error, modal.exception.AuthError) else None
    return Failure("ERR_MODAL", text, retry=isinstance(error, TRANSIENT), cause=cause)
