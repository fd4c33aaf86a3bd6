"""Video in and out: `open_frames` for files, folders and cameras, `VideoWriter` for H.264 that browsers play."""

from mobilevos_sdk.video_in import Camera, FrameFolder, FrameSource, VideoFile, open_frames
from mobilevos_sdk.video_out import VideoWriter

__all__ = ["Camera", "FrameFolder", "FrameSource", "VideoFile", "VideoWriter", "open_frames"]
