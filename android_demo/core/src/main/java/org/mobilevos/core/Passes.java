package org.mobilevos.core;

import java.util.Arrays;

/**
 * More objects than a model follows at once: groups of them in passes of their own, which see the objects of the others
 * as background, as {@code Passes} of the Python SDK. The time of a frame grows with the number of passes. For one
 * thread at a time, the engine's; {@link #step} allocates nothing.
 */
public final class Passes {
    private final Session[] sessions;
    private final int[] ids;
    private final float[][] planes;
    private final FrameResult result;

    private Passes(Engine engine, RgbImage frame, Mask mask) {
        Checks.first(frame);
        ids = Checks.objects(mask, frame.width, frame.height);
        int most = engine.spec().maxObjects;
        sessions = new Session[(ids.length + most - 1) / most];
        for (int pass = 0; pass < sessions.length; pass++) {
            int end = Math.min((pass + 1) * most, ids.length);
            sessions[pass] = Session.start(engine, frame, only(mask, Arrays.copyOfRange(ids, pass * most, end)));
        }
        planes = new float[sessions.length == 1 ? 0 : ids.length][frame.width * frame.height];
        result = sessions.length == 1 ? sessions[0].lastResult() : new FrameResult(mask.copy());
    }

    /**
     * Begins a video.
     *
     * @param frame the first frame; all others must have its size
     * @param mask any number of objects on that frame
     * @throws InvalidInputException frame and mask do not fit, or there is no object
     */
    public static Passes start(Engine engine, RgbImage frame, Mask mask) {
        return new Passes(engine, frame, mask);
    }

    /** The objects that are followed. */
    public int[] objectIds() {
        return ids.clone();
    }

    /** The newest frame. */
    public FrameResult lastResult() {
        return result;
    }

    /**
     * Follows the objects into the next frame.
     *
     * @param frame of the first frame's size
     * @return the passes' own result, which the next call changes; its latency is the sum over the passes
     * @throws InvalidInputException the frame is of another size
     */
    public FrameResult step(RgbImage frame) {
        if (sessions.length == 1) {
            return sessions[0].step(frame);
        }
        int begin = 0;
        for (int pass = 0; pass < sessions.length; pass++) {
            Session session = sessions[pass];
            Latency own = session.step(frame).latency;
            long stepped = System.nanoTime();
            if (pass == 0) { // only now: a frame that is refused changes nothing
                result.latency.clear();
            }
            result.latency.add(own);
            int end = begin + session.probabilities(planes, begin);
            SoftAggregation.odds(planes, begin, end);
            begin = end;
            result.latency.postprocess += Latency.between(stepped, System.nanoTime());
        }
        long weighed = System.nanoTime();
        SoftAggregation.label(planes, ids, result.mask);
        result.index++;
        result.latency.postprocess += Latency.between(weighed, System.nanoTime());
        return result;
    }

    private static Mask only(Mask mask, int[] group) {
        boolean[] kept = new boolean[256];
        for (int id : group) {
            kept[id] = true;
        }
        Mask result = new Mask(mask.width, mask.height);
        for (int pixel = 0; pixel < result.ids.length; pixel++) {
            result.ids[pixel] = kept[mask.ids[pixel] & 0xff] ? mask.ids[pixel] : 0;
        }
        return result;
    }
}
