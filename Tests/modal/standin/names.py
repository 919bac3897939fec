"""The rules of names, checked on the server's side as well: a client that skips its own checks is refused here."""

import re

from grpclib import GRPCError, Status

NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
TAG = re.compile(r"[A-Za-z0-9._-]{1,63}")
DEPLOYMENT_TAG = re.compile(r"[A-Za-z0-9._-]{1,50}")


def refuse(message: str) -> GRPCError:
    return GRPCError(Status.INVALID_ARGUMENT, message)


def missing(message: str) -> GRPCError:
    return GRPCError(Status.NOT_FOUND, message)


def check_name(name: str, what: str) -> None:
    # A class is published as the function of all its methods: `Model.*`.
    if not NAME.fullmatch(name.removesuffix(".*") if what == "Function" else name):
        raise refuse(f"Invalid {what} name: {name!r}: 1 to 64 characters of letters, digits, '-', '_' and '.'")


def check_tags(tags: dict[str, str]) -> None:
    for part in (*tags.keys(), *tags.values()):
        if not TAG.fullmatch(part):
            raise refuse(f"Invalid tag: {part!r}: 1 to 63 characters of letters, digits, '-', '_' and '.'")


def check_deployment_tag(tag: str) -> None:
    if tag and not DEPLOYMENT_TAG.fullmatch(tag):
        raise refuse(f"Invalid deployment tag: {tag!r}: at most 50 characters")
