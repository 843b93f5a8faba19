"""Refusals: one machine-readable shape for everything that is not an answer.

The text never repeats what the request contained, so that logs and error trackers of clients stay free of content.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import HTTPException as FastApiHTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from mmpt_sign.errors import MmptSignError
from mmpt_sign.serve.settings import flag

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

    from mmpt_sign.serve.settings import Settings

ORIGINAL = "/api/"
SHOWN_PROBLEMS = 20
CODES = {400: "malformed", 404: "no_such_route", 405: "method_not_allowed"}


class Limit(BaseModel):
    """The limit that was hit."""

    name: str = Field(examples=["max_texts"])
    value: float = Field(examples=[256])
    flag: str = Field(examples=["--max-texts"], description="how the operator of the server changes it")
    given: float | None = Field(None, examples=[300])


class Problem(BaseModel):
    """One wrong place of a request."""

    where: str = Field(examples=["poses.0"])
    what: str = Field(examples=["not base64"])


class Failure(BaseModel):
    """What went wrong."""

    code: str = Field(examples=["too_large"], description="for programs")
    message: str = Field(description="for people")
    request_id: str = Field("", description="as in the header X-Request-ID and in the server's log")
    limit: Limit | None = None
    problems: list[Problem] = Field(default_factory=list)


class Refusal(BaseModel):
    """The one shape of every answer above 399."""

    error: Failure


class Refused(FastApiHTTPException):
    """A request that is not answered, with the status and the reason.

    FastAPI passes on its own kind of exception while it reads a body and calls everything else malformed.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        limit: Limit | None = None,
        problems: Sequence[Problem] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status, message)
        self.failure = Failure(code=code, message=message, limit=limit, problems=list(problems)[:SHOWN_PROBLEMS])
        self.retry_after = retry_after

    def answer(self, request_id: str = "") -> JSONResponse:
        """As HTTP."""
        failure = self.failure.model_copy(update={"request_id": request_id})
        headers = {} if self.retry_after is None else {"Retry-After": str(max(1, math.ceil(self.retry_after)))}
        if self.status_code == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(Refusal(error=failure).model_dump(exclude_none=True), self.status_code, headers)


def over(settings: Settings, name: str, given: float | None, status: int = 413, **more: Any) -> Refused:
    """Above the limit called ``name``."""
    value = getattr(settings, name)
    what = type(settings).model_fields[name].description
    beyond = f"{given:g} {what}" if given is not None else f"too many {what}"
    code = "too_large" if status == 413 else "overloaded"
    limit = Limit(name=name, value=value, flag=flag(name), given=given)
    return Refused(status, code, f"{beyond}: at most {value:g} ({flag(name)})", limit=limit, **more)


def wrong(problems: Sequence[tuple[str, str]]) -> Refused:
    """Places of a request that cannot be used; 422, or 400 on the original's route."""
    found = [Problem(where=where, what=what) for where, what in problems]
    return Refused(422, "invalid", "; ".join(f"{p.where}: {p.what}" for p in found[:3]), problems=found)


def add_to(app: FastAPI) -> None:
    """Give every error of the application the one shape."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(MmptSignError, _mistake)


def _answer(request: Request, refused: Refused, headers: Mapping[str, str] | None = None) -> JSONResponse:
    if refused.failure.code in ("invalid", "no_such_model") and request.url.path.startswith(ORIGINAL):
        refused.status_code = 400
    state = request.scope["state"]
    state["refused"] = refused.failure.code
    answer = refused.answer(str(state["request_id"]))
    answer.headers.update(headers or {})
    return answer


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return _answer(request, error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """What was given is left out; only where and why is said."""
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return _answer(request, Refused(400, "malformed", "the body is not JSON"))
    return _answer(request, wrong([(_place(p["loc"]), str(p["msg"])) for p in problems]))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = CODES.get(error.status_code, "refused")
    return _answer(request, Refused(error.status_code, code, str(error.detail)), error.headers)


async def _mistake(request: Request, error: Exception) -> JSONResponse:
    return _answer(request, Refused(422, "invalid", str(error)))


def _place(location: Sequence[Any]) -> str:
    """``("body", "poses", 0)`` -> ``poses.0``; keys that the client chose are not repeated."""
    return ".".join(str(part)[:40] for part in location[1:]) or str(location[0])
