"""The command ``degrade``, on a checkpoint of the command ``train``."""

import cv2


def test_degrades_with_a_trained_checkpoint(tool, config, folders, tmp_path) -> None:
    trained = tool("train", config, "--work-dir", "run", "--cfg-options", "train_cfg.max_iters=2")
    assert trained.returncode == 0, trained.stderr
    done = tool("degrade", "run/iter_2.pth", folders["hr"], "drawn", "--draws", 2, "--device", "cpu", "--tile", "none")
    assert done.returncode == 0, done.stderr
    assert "8 LR images written to drawn" in done.stdout
    for draw in ("draw1", "draw2"):
        names = sorted(path.name for path in (tmp_path / "drawn" / draw).iterdir())
        assert names == ["0001.png", "0002.png", "0003.png", "0004.png"]
        assert cv2.imread(str(tmp_path / "drawn" / draw / "0001.png"), cv2.IMREAD_UNCHANGED).shape == (16, 16, 3)
    wrong = tool("degrade", "nowhere.pth", folders["hr"], "lr2")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: ")
    assert "nowhere.pth" in wrong.stderr
    assert len(wrong.stderr.splitlines()) == 1
