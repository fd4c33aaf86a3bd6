package org.mobilevos.demo;

/** What the Video tab shows. */
final class VideoStatus {
    /** What the tab is doing. */
    enum Phase {
        /** There is no video. */
        EMPTY,
        /** The first frame is chosen. */
        CHOOSING,
        /** The objects are marked on it. */
        SELECTING,
        FOLLOWING,
        /** There are results, to be saved. */
        DONE,
        SAVING
    }

    Phase phase;
    String name;
    long durationUs;
    long timeUs;
    /** By how much both sides of the frames were divided. */
    int divisor;
    /** How much of the work is done, 0 to 1. */
    float progress;
    /** Frames in the results. */
    int frames;
    /** Whether there is an mp4; where the phone cannot encode it, there are masks all the same. */
    boolean hasVideo;
    boolean selectionEmpty;
    /** Whether an ellipse stands in for an outline that was not found. */
    boolean selectionGuessed;
    /** Whether one more object can be marked. */
    boolean canAdd;
    /** The runtime and delegate; null before the first video was followed. */
    String engine;
    /** Why the delegate is not the one that was asked for; empty where it is. */
    String fallback;
    /** What the user should know; null for nothing. */
    String note;
}
