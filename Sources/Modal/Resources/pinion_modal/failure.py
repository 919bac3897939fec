"""Errors as the driver answers them: a code of Pinion's, the SDK's own words, and whether another try may help."""

import asyncio
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
LOCKED = re.compile(r"\block(ed)?\b", re.IGNORECASE)


class Failure(Exception):
    """One answer that is no success."""

    def __init__(self, code: str, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.code, self.message, self.retry = code, message, retry

    def answer(self, values: set[str]) -> dict[str, object]:
        """The error's JSON, in which no value of a secret is left, whoever repeated it."""
        return {"code": self.code, "message": without(values, self.message), "retry": self.retry}


def without(values: set[str], text: str) -> str:
    for value in sorted(values, key=len, reverse=True):
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
    return Failure("ERR_MODAL", text, retry=isinstance(error, TRANSIENT))
