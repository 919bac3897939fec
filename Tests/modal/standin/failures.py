"""Bad weather on order: what the next calls of an RPC meet, told through the control endpoint."""

import dataclasses

from grpclib import GRPCError, Status

STATUSES = {
    "unavailable": (Status.UNAVAILABLE, "the control plane is not available"),
    "internal": (Status.INTERNAL, "an error happened inside the control plane"),
    "locked": (Status.FAILED_PRECONDITION, "App is locked: another deployment of it is under way"),
    "denied": (Status.PERMISSION_DENIED, "this token may not do that"),
    "exhausted": (Status.RESOURCE_EXHAUSTED, "too many requests"),
}
MODES = (*STATUSES, "slow", "close", "lost", "failed_build")


@dataclasses.dataclass
class Failure:
    """`times` calls of `rpc` (of one app, if it is named) go wrong; a negative number means all of them.

    slow: the answer comes after `seconds`. close: the stream is reset before anything is done. lost: it is done, and
    then the stream is reset. failed_build: the image's build ends in an error.
    """

    rpc: str
    mode: str
    times: int = 1
    seconds: float = 0
    message: str = ""
    app: str = ""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"no mode {self.mode!r}; there are {', '.join(MODES)}")

    def error(self) -> GRPCError | None:
        """The status to answer with instead of doing anything, for the modes that have one."""
        if self.mode not in STATUSES:
            return None
        status, message = STATUSES[self.mode]
        return GRPCError(status, self.message or message)


class Failures:
    def __init__(self) -> None:
        self.ordered: list[Failure] = []

    def take(self, rpc: str, app: str) -> Failure | None:
        """The first order that meets this call, used up by it."""
        for failure in self.ordered:
            if failure.rpc == rpc and failure.app in ("", app) and failure.times != 0:
                failure.times -= 1 if failure.times > 0 else 0
                return failure
        return None
