package org.mobilevos.core;

/** Wall-clock time of one frame's stages in milliseconds. Written to again for each frame. */
public final class Latency {
    private static final double NANOSECONDS = 1e6;

    /** Fitting the frame to the model's size. */
    public double preprocess;
    /** The graph {@code segment}; 0 for a frame whose mask was given. */
    public double segment;
    /** The graph {@code memorize} (or {@code start}) and the memory; 0 with a queue of 1. */
    public double memorize;
    /** From the model's probabilities to the mask at the frame's size. */
    public double postprocess;

    /** The sum of the stages. */
    public double total() {
        return preprocess + segment + memorize + postprocess;
    }

    /** Sets all stages to 0. */
    void clear() {
        preprocess = 0;
        segment = 0;
        memorize = 0;
        postprocess = 0;
    }

    /** Adds the stages of another. */
    void add(Latency other) {
        preprocess += other.preprocess;
        segment += other.segment;
        memorize += other.memorize;
        postprocess += other.postprocess;
    }

    /** Milliseconds between two values of {@link System#nanoTime}. */
    public static double between(long begin, long end) {
        return (end - begin) / NANOSECONDS;
    }
}
