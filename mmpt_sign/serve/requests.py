"""What clients send to ``/v1`` and what they get, with examples that the OpenAPI document shows."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mmpt_sign.serve.settings import DEFAULT, MOST_ANSWERS

MOST_CANDIDATES = 2000  # whose tokens one search may read
Text = Annotated[str, Field(min_length=1, examples=["<en> <ase> house"])]
File = Annotated[str, Field(min_length=1, examples=["zczMPUAB8AAAAAAA"], json_schema_extra={"format": "byte"})]
Score = Annotated[float, Field(allow_inf_nan=False)]


class Asked(BaseModel):
    """Keys that nobody reads are mistakes, not ignored."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(DEFAULT, max_length=100, description="name of one of the server's models")


class Texts(Asked):
    """Texts to embed."""

    texts: list[Text] = Field(min_length=1, examples=[["<en> <ase> house", "<en> <ase> sun"]])


class Poses(Asked):
    """Poses to embed."""

    poses: list[File] = Field(min_length=1, description="whole binary .pose files, base64")
    truncate: bool = Field(False, description="cut clips that are too long instead of refusing them")


class Signs(Asked):
    """Clips as poses or as videos."""

    poses: list[File] = Field(default_factory=list, description="whole binary .pose files, base64")
    videos: list[File] = Field(default_factory=list, description="video files, base64; slow")
    truncate: bool = Field(False, description="cut clips that are too long instead of refusing them")


class Scored(Signs):
    """Clips and texts to compare."""

    texts: list[Text] = Field(min_length=1, examples=[["<en> <ase> house", "<en> <ase> sun"]])


class Classified(Signs):
    """Clips and the prompts they may mean."""

    prompts: list[Text] = Field(min_length=1, examples=[["<en> <ase> house", "<en> <ase> sun"]])
    top_k: int = Field(5, ge=1, le=MOST_ANSWERS, description="answers per clip")


class Searched(Asked):
    """A text, a pose or a video to look for in the server's index."""

    text: Text | None = None
    pose: File | None = None
    video: File | None = None
    k: int = Field(5, ge=1, le=MOST_ANSWERS, description="answers wanted")
    sign_language: str | None = Field(None, max_length=20, examples=["ase"], description="only clips of this language")
    signer: str | None = Field(None, max_length=200, description="only clips of this signer")
    rerank: int | None = Field(
        None,
        ge=0,
        le=MOST_CANDIDATES,
        description="candidates of a text that a model which compares tokens orders by them; 0: none; default: 200",
    )
    truncate: bool = Field(False, description="cut a clip that is too long instead of refusing it")


class Embeddings(BaseModel):
    """One vector per input, in the order given."""

    model: str
    dimensions: int
    embeddings: list[list[Score]]


class Scores(BaseModel):
    """A row per clip, a column per text."""

    model: str
    scores: list[list[Score]]


class Answer(BaseModel):
    """A prompt and how well it fits."""

    prompt: str
    score: Score


class Classes(BaseModel):
    """For each clip its best prompts, best first."""

    model: str
    answers: list[list[Answer]]


class Found(BaseModel):
    """One clip of the index."""

    id: str
    score: Score
    text: str
    sign_language: str
    signer: str


class Hits(BaseModel):
    """The nearest clips, best first."""

    model: str
    index: str = Field(description="how the index searches: exact, hnsw or ivf")
    hits: list[Found]


class ModelNote(BaseModel):
    """One model of the server."""

    name: str
    dimensions: int
    streams: dict[str, str]
    compares_tokens: bool = Field(description="whether it tells words and frames apart, as /v1/align shows")
    clips_in_index: int | None = None
    clips_with_figure: int | None = Field(None, description="of which the index knows where their frames are")


class Models(BaseModel):
    """The models of the server."""

    models: list[ModelNote]
