"""Pydantic field types for named parts: ``loss: {name: info_nce, scale: learned}`` becomes the validated `InfoNCE`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from mmpt_sign import registry
from mmpt_sign.config import contracts


class Named:
    """Annotation that validates a value as any part of one kind, told apart by its name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        classes = {name: registry.find(self.kind, name) for name in registry.names(self.kind)}
        choices: dict[Any, CoreSchema] = {name: handler(part) for name, part in classes.items()}
        key = next(iter(classes.values())).name_key

        def name_of(value: Any) -> Any:
            if isinstance(value, dict):
                return value.get(key)
            return getattr(value, key, value)

        return core_schema.tagged_union_schema(choices, discriminator=name_of)


if TYPE_CHECKING:
    DatasetPart = contracts.Dataset
    AugmentationPart = contracts.Augmentation
    StreamPart = contracts.Stream
    FrontEndPart = contracts.FrontEnd
    EncoderPart = contracts.Encoder
    FusionPart = contracts.Fusion
    TextPart = contracts.Text
    SimilarityPart = contracts.Similarity
    LossPart = contracts.Loss
    EvaluationPart = contracts.Evaluation
else:
    DatasetPart = Annotated[Any, Named("dataset")]
    AugmentationPart = Annotated[Any, Named("augmentation")]
    StreamPart = Annotated[Any, Named("stream")]
    FrontEndPart = Annotated[Any, Named("front_end")]
    EncoderPart = Annotated[Any, Named("encoder")]
    FusionPart = Annotated[Any, Named("fusion")]
    TextPart = Annotated[Any, Named("text")]
    SimilarityPart = Annotated[Any, Named("similarity")]
    LossPart = Annotated[Any, Named("loss")]
    EvaluationPart = Annotated[Any, Named("evaluation")]
