"""One process or many: the same recipe under PyTorch's `torchrun`, on any number of processes and nodes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from mobilevos_sdk.errors import InvalidInputError

# The first process scores the model while the others wait for it; PyTorch's own limit of ten minutes may be too short.
TIMEOUT = timedelta(hours=3)


@dataclass(frozen=True)
class Processes:
    """One process among those that share a run.

    Attributes:
        rank: its number; 0 writes files and prints.
        count: how many there are.
        device: where it computes.
    """

    rank: int = 0
    count: int = 1
    device: str = "cpu"

    @property
    def first(self) -> bool:
        """Whether this process writes files and prints."""
        return self.rank == 0

    def shard(self, batch: int) -> range:
        """The clips of a batch that this process computes: every `count`-th.

        Raises:
            InvalidInputError: the batch cannot be split evenly, which would weight clips unevenly.
        """
        if batch % self.count:
            raise InvalidInputError(
                f"a batch of {batch} clips cannot be split over {self.count} processes; "
                f"choose a multiple, for example batch={self.count * -(-batch // self.count)}"
            )
        return range(self.rank, batch, self.count)

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """The mean of each value over all processes."""
        if self.count == 1:
            return values
        tensor = torch.tensor(list(values.values()), dtype=torch.float64, device=_exchange_device(self.device))
        dist.all_reduce(tensor)
        return dict(zip(values, (tensor / self.count).tolist(), strict=True))

    def wait(self) -> None:
        """Returns when every process has come here."""
        if self.count > 1:
            dist.barrier()


def join_processes(device: str) -> Processes:
    """Joins the run that `torchrun` started, or stands alone where nothing started one.

    Args:
        device: `cpu`, or `cuda`, of which each process takes the one of its local rank.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Processes(device=device)
    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        store, rank, count = next(rendezvous("env://", timeout=TIMEOUT))
        # torchrun keeps its store when it starts processes anew: there they would meet the addresses of the dead.
        store = PrefixStore(f"restart-{_restarts()}", store)
        backend = "nccl" if device.startswith("cuda") else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=TIMEOUT)
    return Processes(dist.get_rank(), count, device)


def restarted() -> bool:
    """Whether `torchrun` started this process anew after one of the run had failed."""
    return _restarts() != "0"


def leave_processes() -> None:
    """Ends this process's part in the run."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def _restarts() -> str:
    """How often `torchrun` has started this machine's processes anew."""
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")


def _exchange_device(device: str) -> str:
    return device if device.startswith("cuda") else "cpu"
