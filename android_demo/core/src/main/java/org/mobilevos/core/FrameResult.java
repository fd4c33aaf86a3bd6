package org.mobilevos.core;

/**
 * The objects of one frame. It belongs to the session, which writes the next frame's into it: copy what shall be kept.
 */
public final class FrameResult {
    /** The frame's number, 0 for the first. */
    public int index;
    /** Object ids at the frame's own size. */
    public final Mask mask;
    /** What the frame cost. */
    public final Latency latency = new Latency();

    FrameResult(Mask mask) {
        this.mask = mask;
    }
}
