package org.mobilevos.core;

/** The milliseconds of the last frames, stage by stage: what a screen shows and a {@link LatencyRecord} keeps. */
public final class StageTimes {
    /** From the exposure to the picture's arrival in the app; empty where it was not measured. */
    public final Statistics camera;
    /** From the camera's or decoder's planes to RGB; empty where it was not measured. */
    public final Statistics convert;
    public final Statistics preprocess;
    public final Statistics segment;
    public final Statistics memorize;
    public final Statistics postprocess;
    /** {@code segment} and {@code memorize} of a frame together. */
    public final Statistics model;
    /** All stages of the session together. */
    public final Statistics total;
    /** From the mask to a picture for the screen; empty where it was not measured. */
    public final Statistics draw;

    /**
     * No frames yet.
     *
     * @param capacity how many of the last frames count, 1 or more
     */
    public StageTimes(int capacity) {
        camera = new Statistics(capacity);
        convert = new Statistics(capacity);
        preprocess = new Statistics(capacity);
        segment = new Statistics(capacity);
        memorize = new Statistics(capacity);
        postprocess = new Statistics(capacity);
        model = new Statistics(capacity);
        total = new Statistics(capacity);
        draw = new Statistics(capacity);
    }

    /** Adds a frame of a session. */
    public void add(Latency latency) {
        preprocess.add(latency.preprocess);
        segment.add(latency.segment);
        memorize.add(latency.memorize);
        postprocess.add(latency.postprocess);
        model.add(latency.segment + latency.memorize);
        total.add(latency.total());
    }

    /** Forgets all frames, as after warm-up. */
    public void clear() {
        camera.clear();
        convert.clear();
        preprocess.clear();
        segment.clear();
        memorize.clear();
        postprocess.clear();
        model.clear();
        total.clear();
        draw.clear();
    }
}
