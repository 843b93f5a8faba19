"""``mmpt-sign serve``: answer over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from mmpt_sign.cli.use import DEFAULT_MODEL

PREFIX = "MMPT_SIGN_SERVE_"  # as mmpt_sign.serve.settings has it; a test compares


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command()(serve)


def _option(name: str, meaning: str, *flags: str) -> Any:
    return typer.Option(*flags, help=meaning, envvar=PREFIX + name, show_envvar=False)


Number: TypeAlias = int | None
Real: TypeAlias = float | None


def serve(
    model: Annotated[
        Path | None, typer.Argument(help="Run folder or exported model; default: the packaged one.")
    ] = None,
    models: Annotated[list[str] | None, _option("MODELS", "Further models: NAME=FOLDER.", "--model", "-m")] = None,
    indexes: Annotated[list[str] | None, _option("INDEXES", "Saved index: FILE or NAME=FILE.", "--index")] = None,
    host: Annotated[str | None, _option("HOST", "Address to listen on; 127.0.0.1 if absent.")] = None,
    port: Annotated[Number, _option("PORT", "Port; 8080 if absent.")] = None,
    device: Annotated[str | None, _option("DEVICE", "auto, cpu or cuda.")] = None,
    threads: Annotated[Number, _option("THREADS", "CPU threads of the model.")] = None,
    api_keys: Annotated[Path | None, _option("API_KEYS", "File with a key per line; else MMPT_SIGN_API_KEYS.")] = None,
    cors: Annotated[str | None, _option("CORS", "Origins whose pages may call /v1, with commas.")] = None,
    temporary: Annotated[Path | None, _option("TEMPORARY", "Folder for uploads while they are read.")] = None,
    max_body_bytes: Annotated[Number, _option("MAX_BODY_BYTES", "Bytes of one request.")] = None,
    max_bytes_inside: Annotated[Number, _option("MAX_BYTES_INSIDE", "Bytes of all requests at once.")] = None,
    max_requests: Annotated[Number, _option("MAX_REQUESTS", "Requests at once.")] = None,
    max_clips: Annotated[Number, _option("MAX_CLIPS", "Clips of one request.")] = None,
    max_frames: Annotated[Number, _option("MAX_FRAMES", "Frames of one request.")] = None,
    max_texts: Annotated[Number, _option("MAX_TEXTS", "Texts of one request.")] = None,
    max_text_chars: Annotated[Number, _option("MAX_TEXT_CHARS", "Characters of one text.")] = None,
    max_answers: Annotated[Number, _option("MAX_ANSWERS", "Answers of one search.")] = None,
    max_seconds: Annotated[Real, _option("MAX_SECONDS", "Seconds for one request.")] = None,
    max_wait_seconds: Annotated[Real, _option("MAX_WAIT_SECONDS", "Expected wait above which 429 is said.")] = None,
    max_waiting: Annotated[Number, _option("MAX_WAITING", "Frames and tokens that may wait.")] = None,
    max_video_seconds: Annotated[Real, _option("MAX_VIDEO_SECONDS", "Length of a video.")] = None,
    max_video_work_seconds: Annotated[Real, _option("MAX_VIDEO_WORK_SECONDS", "Work on one video.")] = None,
    grace_seconds: Annotated[Real, _option("GRACE_SECONDS", "How long a stopping server finishes.")] = None,
    batch_tokens: Annotated[Number, _option("BATCH_TOKENS", "Frames or tokens that the model takes at once.")] = None,
    batch_pieces: Annotated[Number, _option("BATCH_PIECES", "Clips or texts at once; 1 = no batching.")] = None,
    batch_spread: Annotated[Real, _option("BATCH_SPREAD", "Share by which lengths in a batch may differ.")] = None,
    decoders: Annotated[Number, _option("DECODERS", "Threads that decode poses.")] = None,
    video_workers: Annotated[Number, _option("VIDEO_WORKERS", "Processes for video; 0 = no video.")] = None,
) -> None:
    """Serve a model over HTTP: a web page, and routes that embed, score, search, classify.

    Every option can also be set by a variable: MMPT_SIGN_SERVE_PORT for --port, and so on.
    """
    given = {name: value for name, value in locals().items() if value is not None and name != "model"}
    from mmpt_sign.errors import NotInstalledError
    from mmpt_sign.serve.settings import Settings

    named = list(models or ())
    if model or not named:
        named.append(str(model or DEFAULT_MODEL))  # without a name it is the default one
    settings = Settings.of({**given, "models": named})
    try:
        from mmpt_sign.serve.run import run
    except ImportError as error:
        raise NotInstalledError(f"{error.name}, which the server needs,", "serve") from error
    run(settings, lambda address: typer.echo(f"The page is at {address}"))
