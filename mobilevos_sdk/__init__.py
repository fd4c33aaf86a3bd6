"""Follow any object through a video from its first mask: the runtime of MobileVOS."""
