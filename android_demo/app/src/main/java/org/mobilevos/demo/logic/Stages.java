package org.mobilevos.demo.logic;

import org.mobilevos.core.Latency;
import org.mobilevos.core.StageTimes;
import org.mobilevos.core.Statistics;

/**
 * Milliseconds of the latest frames, from the camera to the screen. Adding allocates nothing. For one thread at a
 * time.
 */
public final class Stages {
    /** The stages of a frame, in their order. */
    public enum Stage {
        /** From the exposure to the frame's arrival in the app. */
        CAMERA,
        /** From the camera's or decoder's planes to RGB. */
        CONVERT,
        PREPROCESS,
        SEGMENT,
        MEMORIZE,
        POSTPROCESS,
        /** From the mask to a picture for the screen. */
        DRAW
    }

    /** What was measured. It cannot be changed. */
    public static final class Summary {
        /** Frames in the figures. */
        public final int frames;
        /**
         * All stages but the camera's, which goes on while the frame before is worked on; not a number without frames.
         */
        public final double totalP50;
        public final double totalP95;
        /** Of the median time between two frames; not a number where there are none. */
        public final double framesPerSecond;
        private final double[] p50 = new double[Stage.values().length];
        private final double[] p95 = new double[Stage.values().length];

        private Summary(Stages stages) {
            frames = stages.whole.count();
            totalP50 = stages.whole.percentile(MEDIAN);
            totalP95 = stages.whole.percentile(HIGH);
            framesPerSecond = SECOND / stages.interval.percentile(MEDIAN);
            StageTimes times = stages.times;
            Statistics[] all = {times.camera, times.convert, times.preprocess, times.segment, times.memorize,
                times.postprocess, times.draw};
            for (int index = 0; index < all.length; index++) {
                p50[index] = all[index].percentile(MEDIAN);
                p95[index] = all[index].percentile(HIGH);
            }
        }

        /** Whether a stage was measured at all. */
        public boolean measured(Stage stage) {
            return !Double.isNaN(p50[stage.ordinal()]);
        }

        /** The median of a stage that was measured. */
        public double p50(Stage stage) {
            return p50[stage.ordinal()];
        }

        /** The 95th percentile of a stage that was measured. */
        public double p95(Stage stage) {
            return p95[stage.ordinal()];
        }
    }

    private static final double MEDIAN = 0.5;
    private static final double HIGH = 0.95;
    private static final double SECOND = 1000;

    /** What the core has of them. */
    public final StageTimes times;
    private final Statistics whole;
    private final Statistics interval;
    private long lastFrame;

    /** For so many of the latest frames. */
    public Stages(int frames) {
        times = new StageTimes(frames);
        whole = new Statistics(frames);
        interval = new Statistics(frames);
    }

    /** Adds the age of a frame when it came. */
    public void addCamera(double milliseconds) {
        times.camera.add(milliseconds);
    }

    /**
     * Adds a frame.
     *
     * @param convert milliseconds of the conversion to RGB
     * @param latency what its session measured
     * @param draw milliseconds from the mask to the picture
     * @param now when it was done, by {@link System#nanoTime}
     */
    public void add(double convert, Latency latency, double draw, long now) {
        times.convert.add(convert);
        times.add(latency);
        times.draw.add(draw);
        whole.add(convert + latency.total() + draw);
        if (lastFrame != 0) {
            interval.add(Latency.between(lastFrame, now));
        }
        lastFrame = now;
    }

    /** Forgets everything. */
    public void clear() {
        times.clear();
        whole.clear();
        interval.clear();
        lastFrame = 0;
    }

    /** What was measured up to here. */
    public Summary summary() {
        return new Summary(this);
    }
}
