"""The training loop: a model, a loss and batches come in; a dict of figures goes out at every step. It prints nothing.

Schedule: warm-up, stable, decay ("WSD", Hu et al. 2024). Muon (Jordan et al. 2024) for the matrices that ask for it, AdamW for the
rest; an exponential moving average of the weights is what gets saved. A run is cut off and taken up again at any moment.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from t2w.errors import FAILED, T2WError
from t2w.media.atomic import atomically, sweep, write_text
from t2w.media.folders import make_folder
from t2w.nn.precision import bfloat16_is_fast
from t2w.processes import stopping
from t2w.train.muon import Muon

Batch = dict[str, Tensor]
Loss = Callable[[nn.Module, Batch, torch.Generator], tuple[Tensor, dict[str, float]]]


@dataclass(frozen=True)
class FitConfig:
    """How long and how fast. With `minutes`, the schedule follows the clock (all sessions of the run added up), else `steps`."""

    steps: int = 10_000
    minutes: float | None = None
    batch: int = 16
    lr: float = 1e-3  # AdamW
    muon_lr: float = 2e-3  # Muon, matched to AdamW's RMS
    critic_lr: float | None = None  # of a second network; as AdamW's where it is not given
    weight_decay: float = 0.01
    warmup: int = 100  # steps
    decay: float = 0.35  # last share of the run, in which the rates fall to zero
    average: float = 0.999
    clip: float = 1.0
    save_minutes: float = 3.0
    looks: int = 10  # times in a run, the end included, that held-out pictures are looked at
    seed: int = 0
    compile: bool = False  # torch.compile: needs a C++ compiler and a minute or two, then element-wise work is fused


FIXED = ("batch", "lr", "muon_lr", "critic_lr", "weight_decay", "seed")  # of a run, from its first step on
TOLD = 200  # steps of a small network, from one word of it to the next
EASED = 50  # steps in which the rate rises, of a small network that learns alone
BLOCKS = re.compile(r"(blocks|layers)\.\d+\.(?!modulation)")  # where Muon takes the matrices


def matrices(model: nn.Module) -> list[nn.Parameter]:
    """The weights that Muon takes: matrices and kernels inside a network's blocks (named `…blocks` or `layers`)."""
    return [p for name, p in model.named_parameters() if p.ndim in (2, 4) and p.requires_grad and BLOCKS.search(name)]


def optimizers(model: nn.Module, config: FitConfig) -> list[torch.optim.Optimizer]:
    chosen = matrices(model)
    ids = {id(p) for p in chosen}
    rest = [p for p in model.parameters() if id(p) not in ids]
    found = [torch.optim.AdamW(rest, lr=config.lr, betas=(0.9, 0.95), weight_decay=config.weight_decay, fused=True)]
    if chosen:
        found.append(Muon(chosen, lr=config.muon_lr, weight_decay=config.weight_decay))
    return found


class Run:
    """A training under way: model, its average, optimizers, and how far it is. Saved in `folder`, and taken up again from there."""

    def __init__(
        self,
        model: nn.Module,
        config: FitConfig,
        folder: Path,
        accelerator: Accelerator,
        critic: nn.Module | None = None,
        given: Mapping[str, str] = MappingProxyType({}),
    ):
        """`critic`: a second network, with losses of its own; a loss finds it as run.critic. `given`: what else it learns from, by name; who takes
        it up again with something else, or with another config but for how long it goes on, is told so: T2WError."""
        self.config, self.folder, self.accelerator = config, folder, accelerator
        self.given = dict(given) | {name: str(getattr(config, name)) for name in FIXED}
        self.step, self.seconds = 0, 0.0
        if accelerator.is_main_process:
            sweep(make_folder(folder))
        self.model = model.to(accelerator.device)
        self.average = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        self.optimizers = optimizers(self.model, config)
        self.critic = critic
        if critic is not None:
            self.critic = critic.to(accelerator.device, memory_format=torch.channels_last)
            lr = config.critic_lr or config.lr
            self.optimizers.append(torch.optim.AdamW(critic.parameters(), lr=lr, betas=(0.0, 0.95), weight_decay=0.0))
        if (folder / "run.json").exists():
            self._load()
        self.wrapped, *self.optimizers = accelerator.prepare(self.model, *self.optimizers)
        if critic is not None:
            self.critic = accelerator.prepare(self.critic)
        if config.compile:
            self.wrapped = torch.compile(self.wrapped)
        self.generator = torch.Generator(accelerator.device).manual_seed(config.seed + 7919 * self.step + accelerator.process_index)

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0 to 1."""
        if self.config.minutes is not None:
            return min(1.0, self.seconds / 60 / self.config.minutes)
        return min(1.0, self.step / self.config.steps) if self.config.steps else 1.0

    def rate(self) -> float:
        """What the learning rates are multiplied by now."""
        return min(1.0, (self.step + 1) / self.config.warmup, (1 - self.progress) / self.config.decay)

    def update_average(self) -> None:
        keep = min(self.config.average, (1 + self.step) / (10 + self.step))
        average, now = list(self.average.values()), [p.detach() for p in self.model.parameters()]
        torch._foreach_lerp_(average, now, 1 - keep)

    def averaged(self) -> "swapped":
        """`with run.averaged():` the model has the averaged weights inside the block."""
        return swapped(self.model, self.average)

    def save(self) -> None:
        """Everything to go on from here, as safetensors; run.json comes last."""
        if not self.accelerator.is_main_process:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"checkpoint-{self.step}.safetensors"
        with atomically(self.folder / name) as temporary:
            save_file(self._state(), temporary)
        about = {"step": self.step, "seconds": round(self.seconds, 1), "checkpoint": name, "given": self.given}
        write_text(self.folder / "run.json", json.dumps(about, indent=2) + "\n")
        for old in self.folder.glob("checkpoint-*.safetensors"):
            if old.name != name:
                old.unlink()

    def _check(self, then: dict[str, str]) -> None:
        for name, value in self.given.items():
            if then.get(name, value) != value:
                said = f"another {name} ({then[name]}, not {value})"
                raise T2WError(f"{self.folder} holds a run that was begun with {said}; give the same, or take another --out")

    def _state(self) -> dict[str, Tensor]:
        state = {f"model.{k}": v.detach().cpu().contiguous() for k, v in self.model.state_dict().items()}
        state |= {f"average.{k}": v.cpu().contiguous() for k, v in self.average.items()}
        if self.critic is not None:
            bare = self.accelerator.unwrap_model(self.critic)
            state |= {f"critic.{k}": v.detach().cpu().contiguous() for k, v in bare.state_dict().items()}
        for i, optimizer in enumerate(self.optimizers):
            for j, values in optimizer.state_dict()["state"].items():
                state |= {f"optimizer.{i}.{j}.{k}": torch.as_tensor(v).cpu().contiguous().clone() for k, v in values.items()}
        return state

    def _load(self) -> None:
        try:
            about = json.loads((self.folder / "run.json").read_text())
            self._check(about.get("given", {}))
            state = load_file(self.folder / about["checkpoint"], device=str(self.accelerator.device))
            self.step, self.seconds = about["step"], about["seconds"]
            self.model.load_state_dict({k.removeprefix("model."): v for k, v in state.items() if k.startswith("model.")})
            critic = {k.removeprefix("critic."): v for k, v in state.items() if k.startswith("critic.")}
            if self.critic is not None and critic:  # a run that had none before begins with a new one
                self.critic.load_state_dict(critic)
            for name, held in self.average.items():
                held.copy_(state[f"average.{name}"])
            for i, optimizer in enumerate(self.optimizers):
                restore(optimizer, {k.removeprefix(f"optimizer.{i}."): v for k, v in state.items() if k.startswith(f"optimizer.{i}.")})
        except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            sentence = f"{self.folder} holds a run of another kind, or a broken one; take another --out, or delete that folder"
            raise T2WError(sentence) from error


def restore(optimizer: torch.optim.Optimizer, state: dict[str, Tensor]) -> None:
    """Puts "<index>.<name>" tensors back. Each gets its weight's own strides: fused kernels walk both in the same order."""
    weights = [p for group in optimizer.param_groups for p in group["params"]]
    loaded: dict[int, dict[str, Tensor]] = {}
    for key, value in state.items():
        j, name = key.split(".")
        like = weights[int(j)]
        loaded.setdefault(int(j), {})[name] = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": loaded})


class swapped:
    """A context in which a model's parameters have other values."""

    def __init__(self, model: nn.Module, values: dict[str, Tensor]):
        self.model, self.values = model, values

    def _swap(self) -> None:
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                held = parameter.detach().clone()
                parameter.copy_(self.values[name])
                self.values[name].copy_(held)

    def __enter__(self) -> nn.Module:
        self._swap()
        return self.model.eval()

    def __exit__(self, *_: object) -> None:
        self._swap()
        self.model.train()


def fit(run: Run, loss: Loss, batches: Iterable[Batch]) -> Iterator[dict[str, float]]:
    """One optimizer step per batch until the run is done. Yields step, loss, the loss's own figures, samples/s and seconds left. Ctrl-C and a
    SIGTERM are heard when a step is done: the run is saved, then KeyboardInterrupt raised."""
    accelerator, config, saved = run.accelerator, run.config, time.monotonic()
    run.model.train()
    parameters = list(run.model.parameters())
    began, began_at = time.monotonic(), run.progress
    clock = time.monotonic()
    with stopping() as asked_to_stop:
        for batch in batches:
            if run.progress >= 1:
                break
            batch = {k: v.to(accelerator.device, non_blocking=True) for k, v in batch.items()}
            with accelerator.autocast():
                value, figures = loss(run.wrapped, batch, run.generator)
            accelerator.backward(value)
            # The gradient's size is the same in all processes, and no number where the loss of any is none.
            if not torch.isfinite(value.detach() + accelerator.clip_grad_norm_(parameters, config.clip)):
                kept = "the last checkpoint is good: go on" if (run.folder / "run.json").exists() else "begin again"
                raise T2WError(f"the loss is no number at step {run.step}; {kept} with a smaller --lr", FAILED)
            for optimizer in run.optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = optimizer.defaults["lr"] * run.rate()
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            run.step += 1
            run.update_average()
            spent = time.monotonic() - clock
            run.seconds = agreed(accelerator, run.seconds + spent)
            speed = (run.progress - began_at) / (time.monotonic() - began)
            samples = config.batch * accelerator.num_processes / spent
            yield {"step": run.step, "loss": value.item(), **figures, "samples/s": samples, "left": (1 - run.progress) / max(speed, 1e-9)}
            if asked_to_stop() or time.monotonic() - saved > 60 * config.save_minutes:
                run.save()
                saved = time.monotonic()
            if asked_to_stop():
                raise KeyboardInterrupt
            clock = time.monotonic()
    run.save()


def agreed(accelerator: Accelerator, value: float) -> float:
    """The main process's value, in all of them: who went by clocks of their own would not stop at the same step."""
    if accelerator.num_processes == 1:
        return value
    return broadcast(torch.tensor(value, dtype=torch.float64, device=accelerator.device)).item()


def accelerator(dtype: str = "auto") -> Accelerator:
    """Where training runs: all GPUs of `accelerate launch`, else what is there. bfloat16 where the hardware multiplies it, else float32."""
    if dtype not in ("auto", "float32", "bfloat16"):
        raise T2WError(f"--dtype {dtype}: training knows auto, float32 and bfloat16")
    if dtype == "auto":
        dtype = "bfloat16" if bfloat16_is_fast() else "float32"
    torch.backends.cudnn.benchmark = True  # batches are all of one size
    return Accelerator(mixed_precision="bf16" if dtype == "bfloat16" else "no", cpu=not torch.cuda.is_available())


def alone(part: nn.Module, off: Callable[[Batch], Tensor], draw: Callable[[], Batch], steps: int, decay: float) -> Iterator[dict]:
    """A small network by itself, before the rest or after it. `off`: its error on a batch, `draw` makes one. Yields now and then, and at the end,
    the part's name, how far it is, and its error."""
    optimizer = torch.optim.AdamW(part.parameters(), lr=1e-3, weight_decay=decay)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / EASED, 1.0, 2 * (1 - step / steps)))
    device = next(part.parameters()).device
    for step in range(1, steps + 1):
        error = off({name: values.to(device) for name, values in draw().items()})
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        falling.step()
        if step % TOLD == 0 or step == steps:
            yield {"part": type(part).__name__.lower(), "at": step, "of": steps, "off": error.item()}
