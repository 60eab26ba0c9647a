"""Published weights, with the real huggingface_hub against a hub on this machine: what is fetched, resumed, checked, used, refused and removed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_hub
import tiny_painters
import tiny_pipeline
from typer.testing import CliRunner

from t2w.cli import app
from t2w.errors import FAILED, MISSING, WRONG_USE
from t2w.worlds.weights import disk, fetch

ROOT = Path(__file__).parents[1]
REPO = "someone/tiny"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, bytes]:
    """A pipeline as it is published: beside what is used lie half-precision copies, pickles and other people's formats."""
    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    tiny_pipeline.save(folder)
    found = {name: content for name, content in tiny_hub.of_folder(folder).items() if not name.startswith("words/")}
    more = {
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.bin",
        "unet/openvino_model.bin",
        "flax_model.msgpack",
    }
    return (
        found | {name: b"never fetched" for name in more} | {"README.md": b"# tiny", "LICENSE": b"free", "all.safetensors": b"all in one"}
    )


@pytest.fixture
def hub(files):
    with tiny_hub.serve({REPO: dict(files)}) as hub:
        yield hub


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def t2w(hub, home, monkeypatch):
    """The command line in this process, which believes that the hub is the one on this machine. Its pieces are small, as the files are."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    monkeypatch.setenv("NO_PROXY", "*")

    def run(*words: object, code: int = 0) -> list[dict]:
        result = CliRunner().invoke(app, [*map(str, words), "--json"])
        assert result.exit_code == code, (result.exit_code, result.output, result.exception)
        return [json.loads(line) for line in result.stdout.splitlines()]

    return run


def snapshot(home: Path) -> Path:
    return home / "hub" / "models--someone--tiny" / "snapshots" / tiny_hub.COMMIT


def disk_names(home: Path) -> set[str]:
    return {path.relative_to(snapshot(home)).as_posix() for path in snapshot(home).rglob("*") if path.is_file()}


def test_a_model_is_fetched_and_paints_with_no_word_but_the_environments(hub, home, files):
    """HF_ENDPOINT and HF_HOME, as a user sets them: each command in a process of its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    env = own | {"HF_HOME": str(home), "HF_ENDPOINT": hub.url, "PYTHONPATH": str(ROOT), "NO_PROXY": "*"}

    def t2w(*words: str, code: int = 0) -> list[dict]:
        command = [sys.executable, "-m", "t2w", *words, "--json"]
        run = subprocess.run(command, check=False, capture_output=True, text=True, env=env, cwd=home.parent)
        assert run.returncode == code and run.stderr == "", (run.returncode, run.stderr, run.stdout[-2000:])
        return [json.loads(line) for line in run.stdout.splitlines()]

    end = t2w("models", "pull", REPO)[-1]
    assert Path(end["path"]) == snapshot(home) and end["bytes"] > 1000
    assert t2w("models", "pull", REPO, "--offline")[-1]["path"] == str(snapshot(home))
    hub.asked.clear()
    paint = ("frames", "a red cabin", "--painter", REPO, "--world", "sim", "-n", "1", "--offline", "--device", "cpu")
    end = t2w(*paint)[-1]
    from t2w.media.pixels import read_picture

    assert np.std(read_picture(home.parent / end["folder"] / "frames" / "1.png")) > 0 and hub.asked == []


def test_only_what_is_used_is_fetched_and_told_before(t2w, hub, home, files):
    rows = t2w("models", "pull", REPO, "--dry-run")
    told = {row["name"]: row["bytes"] for row in rows if row["event"] == "file"}
    assert not disk_names(home) and hub.asked == [("model_index.json", "")]
    assert {"unet/diffusion_pytorch_model.safetensors", "tokenizer/tokenizer.json", "t2w.json", "LICENSE"} <= set(told)
    assert not any("fp16" in name or name.endswith((".bin", ".msgpack")) for name in told) and "all.safetensors" not in told
    assert rows[-1]["bytes"] == sum(told.values()) == sum(len(files[name]) for name in told)

    assert t2w("models", "pull", REPO)[-1]["bytes"] == sum(told.values()) and disk_names(home) == set(told)
    assert t2w("models", "pull", REPO)[-1]["bytes"] == 0  # nothing more to come
    rows = t2w("models", "verify", REPO)
    assert rows[-1]["ok"] and rows[-1]["files"] == len(told) and all(row["detail"] == "" for row in rows[:-1])
    listed = {row["repo"]: row for row in t2w("models", "list")[-1]["models"]}
    assert listed[REPO]["on_disk"] >= sum(told.values()) and listed["Qwen/Qwen-Image"]["on_disk"] == 0


def test_a_line_that_breaks_is_taken_up_where_it_broke(t2w, hub):
    name = "unet/diffusion_pytorch_model.safetensors"
    hub.breaks[name] = 2000
    t2w("models", "pull", REPO)
    assert [row for row in hub.asked if row[0] == name] == [(name, ""), (name, "bytes=2000-")] and t2w("models", "verify", REPO)[-1]["ok"]


def test_what_was_broken_off_goes_on_with_what_is_missing(t2w, hub, home):
    name = "unet/diffusion_pytorch_model.safetensors"
    hub.lost.add(name)
    error = t2w("models", "pull", REPO, code=FAILED)[-1]["error"]
    assert "the same command again goes on" in error and disk_names(home) and name not in disk_names(home)
    error = t2w("frames", "a", "--painter", REPO, "--world", "sim", code=MISSING)[-1]["error"]
    assert f"t2w models pull {REPO}" in error  # half a model is no model
    there = disk_names(home)
    hub.lost.clear()
    hub.asked.clear()
    t2w("models", "pull", REPO)
    assert name in {file for file, _ in hub.asked} and not {file for file, _ in hub.asked} & (there - {"model_index.json"})


def test_other_bytes_than_promised_are_fetched_again_and_never_kept(t2w, hub, home):
    name = "vae/diffusion_pytorch_model.safetensors"
    hub.corrupt[name] = 1
    t2w("models", "pull", REPO)
    assert [asked for asked in hub.asked if asked[0] == name] == [(name, "")] * 2 and t2w("models", "verify", REPO)[-1]["ok"]
    t2w("models", "rm", REPO, "--yes")
    hub.corrupt[name] = 9
    error = t2w("models", "pull", REPO, code=FAILED)[-1]["error"]
    assert name in error and "other bytes" in error and name not in disk_names(home)


def test_a_file_that_was_damaged_later_is_found_and_mended(t2w, hub, home):
    t2w("models", "pull", REPO)
    blob = (snapshot(home) / "unet" / "diffusion_pytorch_model.safetensors").resolve()
    content = blob.read_bytes()
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    rows = t2w("models", "verify", REPO, code=FAILED)
    assert [row["name"] for row in rows if row.get("ok") is False and row["event"] == "file"] == [
        "unet/diffusion_pytorch_model.safetensors"
    ]
    t2w("models", "pull", REPO)
    assert t2w("models", "verify", REPO)[-1]["ok"] and blob.read_bytes() == content


def test_a_folder_of_its_own_is_fetched_and_verified_too(t2w, tmp_path):
    end = t2w("models", "pull", REPO, "--out", tmp_path / "mine")[-1]
    assert end["path"] == str(tmp_path / "mine") and (tmp_path / "mine" / "model_index.json").is_file()
    assert t2w("models", "verify", tmp_path / "mine")[-1]["ok"]
    (tmp_path / "mine" / "own.safetensors").write_text("broken, but not of the model")
    t2w("models", "pull", REPO, "--out", tmp_path / "mine")
    assert (tmp_path / "mine" / "own.safetensors").is_file()
    (tmp_path / "mine" / "unet" / "config.json").write_text("{}")
    assert not t2w("models", "verify", tmp_path / "mine", code=FAILED)[-1]["ok"]


def test_parts_that_t2w_does_not_use_are_neither_fetched_nor_missed(t2w, hub, files, tmp_path):
    """As Cosmos 3 is published, with what makes sounds beside what makes pictures."""
    weights, parts = (
        files["unet/diffusion_pytorch_model.safetensors"],
        ("transformer", "vae", "text_tokenizer", "scheduler", "sound_tokenizer"),
    )
    index = {"_class_name": "Cosmos3OmniDiffusersPipeline"} | {part: ["diffusers", "Part"] for part in parts}
    hub.repos["nvidia/Cosmos3-Nano"] = {"model_index.json": json.dumps(index).encode()} | {f"{part}/config.json": b"{}" for part in parts}
    hub.repos["nvidia/Cosmos3-Nano"] |= {f"{part}/diffusion_pytorch_model.safetensors": weights for part in parts}
    for words in ((), ("--out", tmp_path / "cosmos")):
        rows = t2w("models", "pull", "cosmos3", *words)
        assert sum("vae/" in row.get("name", "") for row in rows) > 0 == sum("sound" in row.get("name", "") for row in rows)
    for place in ("cosmos3", "nvidia/Cosmos3-Nano", tmp_path / "cosmos"):
        assert t2w("models", "verify", place)[-1]["ok"]
    assert t2w("models", "pull", "cosmos3", "--offline")[-1]["files"] == 0
    (tmp_path / "cosmos" / "vae" / "config.json").unlink()
    (tmp_path / "cosmos" / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    (tmp_path / "cosmos" / "vae").rmdir()
    assert "lacks vae" in t2w("models", "verify", tmp_path / "cosmos", code=FAILED)[-1]["lacking"]


def test_what_cannot_be_fetched_is_a_sentence(t2w, hub, tmp_path):
    hub.repos["someone/pickled"] = {"pytorch_model.bin": b"\x80", "config.json": b"{}"}
    hub.repos["someone/gated"] = dict(hub.repos[REPO])
    hub.gated.add("someone/gated")

    def error(*words: str, code: int = MISSING) -> str:
        return t2w(*words, code=code)[-1]["error"]

    assert "has no model someone/else" in error("models", "pull", "someone/else")
    assert "pickles" in error("models", "pull", "someone/pickled")
    assert "accepted its terms" in error("models", "pull", "someone/gated")
    assert "t2w models pull someone/tiny" in error("models", "verify", REPO)
    assert "not in the hub's cache" in error("models", "rm", REPO, "--yes")
    assert "did you mean 'sdxl'" in error("models", "pull", "sdlx", code=WRONG_USE)
    assert "no weights" in error("models", "verify", tmp_path, code=WRONG_USE)
    for verb in (("models", "verify"), ("models", "pull"), ("painters", "show"), ("worlds", "show")):
        assert "named ''" in error(*verb, "", code=WRONG_USE)
    assert disk.snapshot("../../etc/passwd") is None


def test_removing_asks_first(t2w, home):
    t2w("models", "pull", REPO)
    assert "--yes" in t2w("models", "rm", REPO, code=WRONG_USE)[-1]["error"] and disk_names(home)
    assert t2w("models", "rm", REPO, "--yes")[-1]["bytes"] > 0 and not snapshot(home).exists()


def test_known_models_bring_their_own_parts_only():
    """As the published repositories look."""
    unet = [f"unet/{name}" for name in ("config.json", "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors")]
    sdxl = ["model_index.json", "README.md", "sd_xl_base_1.0.safetensors", "01.png", "vae_1_0/diffusion_pytorch_model.safetensors", *unet]
    assert fetch.needed([*sdxl, "unet/model.onnx"], ["unet"], "fp16") == ["README.md", "model_index.json", unet[0], unet[2]]
    assert fetch.needed(sdxl, ["unet"]) == ["README.md", "model_index.json", unet[0], unet[1]]
    shards = [f"text_encoder_3/{name}" for name in (
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.fp16-00001-of-00002.safetensors",
        "model.safetensors.index.fp16.json", "model.safetensors.index.json",
    )]  # fmt: skip
    assert fetch.needed(shards, ["text_encoder_3"]) == [shards[0], shards[1], shards[4]]
    assert fetch.needed(shards, ["text_encoder_3"], "fp16") == [shards[2], shards[3]]
    assert fetch.needed(["style.safetensors", "sample.png", "README.md"], None) == ["README.md", "style.safetensors"]


def test_half_precision_alone_is_used(tmp_path):
    """As a preset fetches SDXL: only the files of the variant are there."""
    from t2w.start import painters

    folder = tiny_painters.save_sdxl(tmp_path / "sdxl")
    for path in folder.rglob("*.safetensors"):
        path.rename(path.with_name(path.name.replace(".safetensors", ".fp16.safetensors")))
    call = painters.settings(str(folder))
    (frame,) = painters.paint(str(folder), "a red cabin", [0], 160, 96, "cpu", call=call)
    assert painters.on_disk(str(folder)) and frame.std() > 0
