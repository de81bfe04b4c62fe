"""The command ``cyclesr``: one file per command. None imports torch, mmengine or cv2 before it has something to do."""
