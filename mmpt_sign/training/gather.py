"""TokenSets of all processes joined, with gradients that come out as in one process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from mmpt_sign.batches.collate import right_pairs
from mmpt_sign.models.token_set import TokenSet, padded


def gathered(
    sets: Mapping[str, TokenSet], sample: Mapping[str, Any], needs_tokens: bool
) -> tuple[dict[str, TokenSet], Tensor]:
    """The joined TokenSets and which of their pairs are right.

    Prompts that several processes hold are kept once, so the joined batch is the one a single process would have made.
    """
    video_answer, video_text = sample["answer"], sample["text_id"][sample["text_index"]]
    text_answer, text_id = sample["text_answer"], sample["text_id"]
    if world_size() == 1:
        return dict(sets), right_pairs(video_answer, video_text, text_answer, text_id)
    joined = {name: _gather_set(token_set, needs_tokens) for name, token_set in sets.items()}
    video_answer, video_text, text_answer, text_id = (
        _gather_rows(values) for values in (video_answer, video_text, text_answer, text_id)
    )
    if sample["merged"]:
        keep = _first_occurrences(text_id)
        joined |= {name: joined[name].rows(keep) for name in ("text", "text_augmented") if name in joined}
        text_answer, text_id = text_answer[keep], text_id[keep]
    return joined, right_pairs(video_answer, video_text, text_answer, text_id)


def world_size() -> int:
    """Number of processes that train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def largest_anywhere(number: int, device: torch.device) -> int:
    """The largest of the numbers that the processes bring."""
    if world_size() == 1:
        return number
    shared = torch.tensor(number, device=device)
    dist.all_reduce(shared, op=dist.ReduceOp.MAX)
    return int(shared)


def _first_occurrences(values: Tensor) -> Tensor:
    seen: dict[int, int] = {}
    for position, value in enumerate(values.tolist()):
        seen.setdefault(value, position)
    return torch.tensor(list(seen.values()), device=values.device)


def _gather_set(token_set: TokenSet, needs_tokens: bool) -> TokenSet:
    pooled = _gather_rows(token_set.pooled)
    present = None if token_set.present is None else _gather_rows(token_set.present)
    if not needs_tokens:
        mask = torch.ones(len(pooled), 1, dtype=torch.bool, device=pooled.device)
        return TokenSet(pooled[:, None], mask, pooled, present=present)
    longest = torch.tensor(token_set.tokens.shape[1], device=pooled.device)
    dist.all_reduce(longest, op=dist.ReduceOp.MAX)
    wide = padded(token_set, int(longest))
    times = None if wide.times is None else _gather_rows(wide.times)
    return TokenSet(_gather_rows(wide.tokens), _gather_rows(wide.mask), pooled, times, present)


def _gather_rows(values: Tensor) -> Tensor:
    """Rows of all processes in rank order; processes may hold different numbers of rows."""
    counts = [torch.zeros((), dtype=torch.long, device=values.device) for _ in range(world_size())]
    dist.all_gather(counts, torch.tensor(values.shape[0], device=values.device))
    sizes = [int(count) for count in counts]
    gathered_rows: Tensor = _Gather.apply(values, sizes)  # type: ignore[no-untyped-call]
    return gathered_rows


class _Gather(torch.autograd.Function):
    """All-gather whose backward adds up what every process wants of the local rows."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, sizes: list[int]) -> Tensor:
        ctx.sizes = sizes
        kind = values.dtype
        rows = values.to(torch.uint8) if kind is torch.bool else values.contiguous()
        most = max(sizes)
        if rows.shape[0] < most:
            rows = torch.cat([rows, rows.new_zeros((most - rows.shape[0], *rows.shape[1:]))])
        parts = [torch.empty_like(rows) for _ in sizes]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)]).to(kind)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        grad = grads[0].contiguous()
        dist.all_reduce(grad)
        return torch.split(grad, ctx.sizes)[dist.get_rank()], None
