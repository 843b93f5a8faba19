"""From untrusted base64 to frames, within limits that hold before memory is taken."""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmpt_sign.errors import MmptSignError
from mmpt_sign.poses.header import HEADER_BYTES, Limits, check_header
from mmpt_sign.poses.read import read
from mmpt_sign.serve.errors import Refused, over, wrong

if TYPE_CHECKING:
    from mmpt_sign.inference.one_pose import OnePose
    from mmpt_sign.poses.clip import Clip, FloatArray
    from mmpt_sign.serve.settings import Settings

BLANKS = str.maketrans("", "", " \t\r\n")
POINTS, COMPONENTS, PEOPLE = 2048, 16, 4  # more than any layout in use has
NUMBERS_OF_V0_0 = 1 << 22


@dataclass(frozen=True)
class Decoder:
    """Reads the clips of one request; frames are counted over all of them."""

    settings: Settings
    reads: OnePose
    truncate: bool = False

    def frames(self, files: Sequence[str | bytes], field: str = "poses") -> list[dict[str, FloatArray]]:
        """(T, D) frames of each ``.pose`` file, as the model's streams prepare them; `Refused` names the bad one."""
        share, left, made = self.settings.max_frames // max(len(files), 1), self.settings.max_frames, []
        for place, file in enumerate(files):
            where = f"{field}.{place}"
            data = file if isinstance(file, bytes) else unpacked(file, where)
            try:
                clip = self._clip(data, max(share, 1) if self.truncate else left)
                left -= len(clip)
                made.append(self._encoded(clip))
            except (MmptSignError, ValueError) as error:
                raise wrong([(where, str(error).removeprefix("<bytes>: "))]) from error
        return made

    def _clip(self, data: bytes, most: int) -> Clip:
        found = check_header(data[:HEADER_BYTES], len(data), self.limits).frames
        if found > most and not self.truncate:
            raise over(self.settings, "max_frames", found + self.settings.max_frames - most)
        return read(data, 0, min(found, most), limits=self.limits)

    def _encoded(self, clip: Clip) -> dict[str, FloatArray]:
        """A stream that resamples would make a clip of almost no rate enormous; its length is known beforehand."""
        frames = self.reads.most_frames(clip)
        if frames > self.settings.max_frames:
            raise over(self.settings, "max_frames", frames)
        encoded = self.reads.frames(clip)
        if not all(map(len, encoded.values())):
            raise ValueError("no frame is left after preparation")
        return encoded

    @property
    def limits(self) -> Limits:
        """What a pose file may hold here."""
        return Limits(
            bytes=self.settings.max_body_bytes,
            components=COMPONENTS,
            points=POINTS,
            people=PEOPLE,
            numbers_of_v0_0=NUMBERS_OF_V0_0,
        )


def unpacked(text: str, where: str) -> bytes:
    """Bytes of base64; line breaks, which some programs put in, are left out."""
    try:
        return binascii.a2b_base64(text.translate(BLANKS) if "\n" in text else text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise wrong([(where, "not base64")]) from error


def check_texts(texts: Sequence[str], settings: Settings) -> None:
    """Number and length of texts."""
    if len(texts) > settings.max_texts:
        raise over(settings, "max_texts", len(texts))
    longest = max(map(len, texts), default=0)
    if longest > settings.max_text_chars:
        raise over(settings, "max_text_chars", longest)


def check_clips(count: int, settings: Settings) -> None:
    """Number of clips, at least one."""
    if count == 0:
        raise Refused(422, "invalid", "give poses or videos")
    if count > settings.max_clips:
        raise over(settings, "max_clips", count)
