package org.mobilevos.core;

import java.util.Arrays;
import java.util.Map;

/**
 * Follows the objects of one video: takes frame after frame, keeps the memory, and gives the objects' masks, as the
 * Python SDK's Session does. For one thread at a time, the engine's. A call that throws leaves the session as it was:
 * the next frame may be given as if nothing had happened. {@link #step} allocates nothing, once its buffers have grown
 * to what is seen.
 */
public final class Session {
    private final ArtifactSpec spec;
    private final Graphs graphs;
    private final MemoryBank bank;
    private final FrameFitter fitter;
    private final Labels labels = new Labels();
    private final Sights sights;
    private final FrameResult result;
    private final Visibility visibility = new Visibility();
    // The next frame's mask until all of it has succeeded, and which of the objects are hidden there.
    private final Mask next;
    private boolean[] hidden = {};
    private int[] ids = {};
    private int[] idsByChannel;
    // The last frame's masks: what was given, or the model's probabilities, of which two take turns.
    private Planes planes;
    private Planes[] probabilities;
    private int turn;

    private Session(Engine engine, RgbImage first, Mask mask, boolean zoom) {
        long begin = System.nanoTime();
        Checks.first(first);
        spec = engine.spec();
        fitter = new FrameFitter(spec.border(0), spec.border(1), spec.border(2));
        sights = new Sights(spec, fitter, first.width, first.height, zoom);
        int[] joined = joined(mask);
        graphs = new Graphs(engine);
        bank = new MemoryBank(spec);
        result = new FrameResult(mask.copy());
        next = new Mask(first.width, first.height);
        Sight seen = sights.first(first, mask, joined);
        Tensor masks = newMasks(joined.length);
        fitter.fitMasks(mask, joined, seen.fit(), masks);
        long fitted = System.nanoTime();
        bank.reset(graphs.start(seen.pixels, masks), joined.length);
        sights.take(first);
        follow(joined, new Planes(masks, Planes.firstChannels(joined.length)));
        visibility.give(mask, joined);
        time(begin, fitted, fitted, fitted, System.nanoTime());
    }

    /** Begins a video as below, of which the model sees the objects and what is around them. */
    public static Session start(Engine engine, RgbImage frame, Mask mask) {
        return start(engine, frame, mask, true);
    }

    /**
     * Begins a video.
     *
     * @param engine runs the model; it may serve other sessions too, in turn
     * @param frame the first frame; all others must have its size
     * @param mask the objects on that frame
     * @param zoom whether the model sees the objects and what is around them, larger, in place of the whole frame
     * @throws InvalidInputException frame and mask do not fit, there is no object, or there are more than the model
     *     follows
     */
    public static Session start(Engine engine, RgbImage frame, Mask mask, boolean zoom) {
        return new Session(engine, frame, mask, zoom);
    }

    /** The objects that are followed, also those out of sight; new ones come last. */
    public int[] objectIds() {
        return ids.clone();
    }

    /** The newest frame, with corrections and new objects. */
    public FrameResult lastResult() {
        return result;
    }

    /**
     * The probability of each object at each pixel of the newest frame; the background's is 1 minus their sum.
     *
     * @param out is written to: for each object, in the order of {@link #objectIds}, (H, W) row by row in 0..1
     * @param begin where in `out` the first object goes
     * @return the number of objects
     */
    int probabilities(float[][] out, int begin) {
        for (int position = 0; position < ids.length; position++) {
            labels.plane(planes.tensor, planes.channel(position), fit(), out[begin + position]);
        }
        return ids.length;
    }

    /**
     * Follows the objects into the next frame.
     *
     * @param frame of the first frame's size
     * @return the session's own result, which the next call changes
     * @throws InvalidInputException the frame is of another size
     * @throws SessionStateException all objects have been removed
     */
    public FrameResult step(RgbImage frame) {
        if (ids.length == 0) {
            throw new SessionStateException("there is no object left to follow; add one with addObjects(mask)");
        }
        long begin = System.nanoTime();
        Checks.next(frame, fit());
        Sight seen = sights.next(frame, result.mask, ids);
        long fitted = System.nanoTime();
        Planes found = probabilities[turn];
        Map<String, Tensor> outputs = graphs.segment(bank.graph(), seen.pixels, bank.inputs(), found.tensor);
        long segmented = System.nanoTime();
        // Objects that have left a shared memory take part, as background, so that the others keep their pixels.
        labels.label(found.tensor, idsByChannel, idsByChannel.length, seen.fit(), next);
        // A memory that objects share takes every frame in: it is of all of them.
        boolean anySeen = bank.isShared() || visibility.look(next, ids, hidden) < ids.length;
        long labelled = System.nanoTime();
        if (spec.queue > 1 && anySeen) { // with a queue of 1 the reference is all there is to remember
            bank.push(graphs.memorize(outputs, found.tensor, seen.pixels), hidden);
        }
        sights.take(frame);
        visibility.take(ids);
        result.mask.copyFrom(next);
        planes = found;
        turn = 1 - turn;
        result.index++;
        time(begin, fitted, segmented, labelled, System.nanoTime());
        return result;
    }

    /**
     * Begins to follow more objects, from the last frame on.
     *
     * @param added the new objects on the last frame; where it overlaps others, it wins
     * @return the last frame with the new objects in it
     * @throws InvalidInputException an id is followed already, or there are too many objects
     */
    public FrameResult addObjects(Mask added) {
        long begin = System.nanoTime();
        int[] all = joined(added);
        int[] channels = Arrays.copyOfRange(Planes.firstChannels(all.length), ids.length, all.length);
        Sight seen = sights.withInView(added, result.mask, all);
        Tensor masks = changed(added, Arrays.copyOfRange(all, ids.length, all.length), channels, all.length, seen);
        long fitted = System.nanoTime();
        bank.add(remembered(seen, masks, all.length), channels.length);
        paint(added, new int[0]);
        follow(all, new Planes(masks, Planes.firstChannels(all.length)));
        visibility.give(added, Arrays.copyOfRange(all, all.length - channels.length, all.length));
        time(begin, fitted, fitted, fitted, System.nanoTime());
        return result;
    }

    /**
     * Replaces the masks of some objects on the last frame, which becomes their reference frame.
     *
     * @param corrected the objects to correct; those that are not in it stay, less the pixels that it takes from them
     * @return the last frame, corrected
     * @throws InvalidInputException an id in it is not followed
     */
    public FrameResult correct(Mask corrected) {
        long begin = System.nanoTime();
        int[] replaced = Checks.objects(corrected, fit().frameWidth, fit().frameHeight);
        int[] positions = positions(replaced, "add it with addObjects(mask)");
        Sight seen = sights.withInView(corrected, result.mask, ids);
        Tensor masks = changed(corrected, replaced, positions, ids.length, seen);
        long fitted = System.nanoTime();
        bank.correct(remembered(seen, masks, ids.length), positions);
        sights.newest().view.forgetExtent();
        visibility.give(corrected, replaced);
        paint(corrected, replaced);
        follow(ids, new Planes(masks, Planes.firstChannels(ids.length)));
        time(begin, fitted, fitted, fitted, System.nanoTime());
        return result;
    }

    /**
     * Stops following objects; the others go on as they were.
     *
     * @throws InvalidInputException an id is not followed
     */
    public void removeObjects(int... removed) {
        boolean[] gone = new boolean[ids.length];
        for (int position : positions(removed, "see objectIds()")) {
            gone[position] = true;
        }
        int count = 0;
        int[] kept = new int[ids.length];
        int[] left = new int[ids.length];
        for (int position = 0; position < ids.length; position++) {
            if (!gone[position]) {
                left[count] = ids[position];
                kept[count++] = position;
            }
        }
        kept = Arrays.copyOf(kept, count);
        bank.keep(kept);
        sights.newest().view.forgetExtent();
        follow(Arrays.copyOf(left, count), planes.kept(kept));
    }

    /** From now on these objects are followed, whose masks on the last frame are `masks`. */
    private void follow(int[] objects, Planes masks) {
        ids = objects;
        planes = masks;
        idsByChannel = bank.byChannel(ids);
        hidden = new boolean[bank.byChannel(ids).length];
        probabilities = new Planes[2];
        for (int index = 0; index < probabilities.length; index++) {
            TensorSpec output = GraphSpec.find(bank.graph().outputs, TensorSpec.Role.PROBABILITIES);
            probabilities[index] = new Planes(output.newTensor(), bank.channels());
        }
    }

    /** Where the newest frame lies in the model's input. */
    private Fit fit() {
        return sights.newest().fit();
    }

    /** The present ids and, after them, those of a mask of new objects. */
    private int[] joined(Mask mask) {
        int[] added = Checks.objects(mask, fit().frameWidth, fit().frameHeight);
        for (int id : added) {
            if (indexOf(id) >= 0) {
                throw new InvalidInputException(
                        "object " + id + " is followed already; give a new id, or use correct(mask)");
            }
        }
        int total = ids.length + added.length;
        if (total > spec.maxObjects) {
            throw new InvalidInputException((total == 1 ? "there is 1 object" : "there are " + total + " objects")
                    + " to follow, but this model follows " + spec.maxObjects + " at most; export one for more with "
                    + "'vos-export --objects " + total + "', or follow fewer");
        }
        int[] all = Arrays.copyOf(ids, total);
        System.arraycopy(added, 0, all, ids.length, added.length);
        return all;
    }

    private int[] positions(int[] wanted, String remedy) {
        int[] positions = new int[wanted.length];
        for (int index = 0; index < wanted.length; index++) {
            positions[index] = indexOf(wanted[index]);
            if (positions[index] < 0) {
                throw new InvalidInputException("object " + wanted[index] + " is not followed (only "
                        + Arrays.toString(ids) + "); " + remedy);
            }
        }
        return positions;
    }

    private int indexOf(int id) {
        for (int position = 0; position < ids.length; position++) {
            if (ids[position] == id) {
                return position;
            }
        }
        return -1;
    }

    /**
     * The memory entry of the newest frame with so many masks. Where it is seen from elsewhere, by more than a frame's
     * motion, that is what is remembered of it from now on.
     */
    private Map<String, Tensor> remembered(Sight seen, Tensor masks, int objects) {
        Map<String, Tensor> entry = graphs.start(seen.pixels, masks);
        if (seen != sights.newest()) {
            bank.renew(entry, objects, hiddenInNewest());
            sights.swap();
        }
        return entry;
    }

    private boolean[] hiddenInNewest() {
        boolean[] found = new boolean[ids.length];
        for (int position = 0; position < ids.length; position++) {
            found[position] = visibility.isHidden(ids[position]);
        }
        return found;
    }

    /** The last frame's masks as they lie where it is seen. */
    private Planes planesIn(Sight seen) {
        if (seen == sights.newest()) {
            return planes;
        }
        Tensor moved = new Tensor(1, spec.height, spec.width, ids.length);
        float[] plane = new float[result.mask.ids.length];
        for (int position = 0; position < ids.length; position++) {
            labels.plane(planes.tensor, planes.channel(position), fit(), plane);
            fitter.fitPlane(plane, position, seen.fit(), moved);
        }
        return new Planes(moved, Planes.firstChannels(ids.length));
    }

    /** The last frame's masks with some objects changed: theirs are put on these channels and taken from all others. */
    private Tensor changed(Mask mask, int[] changedIds, int[] channels, int objects, Sight seen) {
        Mask anyObject = mask.copy();
        for (int pixel = 0; pixel < anyObject.ids.length; pixel++) {
            anyObject.ids[pixel] = (byte) (anyObject.ids[pixel] == 0 ? 0 : 1);
        }
        Tensor taken = new Tensor(1, spec.height, spec.width, 1);
        fitter.fitMasks(anyObject, new int[] {1}, seen.fit(), taken);
        Tensor fitted = new Tensor(1, spec.height, spec.width, changedIds.length);
        fitter.fitMasks(mask, changedIds, seen.fit(), fitted);
        Tensor masks = newMasks(objects);
        planesIn(seen).carve(taken, masks);
        Planes.put(fitted, masks, channels);
        return masks;
    }

    private Tensor newMasks(int objects) {
        return new Tensor(1, spec.height, spec.width, spec.graph(GraphSpec.Role.START, objects).objects);
    }

    /** Paints a mask over the last one, in which `replaced` and objects that are not followed lose their pixels. */
    private void paint(Mask mask, int[] replaced) {
        boolean[] kept = new boolean[256];
        for (int id : ids) {
            kept[id] = true;
        }
        for (int id : replaced) {
            kept[id] = false;
        }
        byte[] last = result.mask.ids;
        for (int pixel = 0; pixel < last.length; pixel++) {
            if (mask.ids[pixel] != 0) {
                last[pixel] = mask.ids[pixel];
            } else if (!kept[last[pixel] & 0xff]) {
                last[pixel] = 0;
            }
        }
    }

    private void time(long begin, long fitted, long segmented, long labelled, long end) {
        result.latency.preprocess = Latency.between(begin, fitted);
        result.latency.segment = Latency.between(fitted, segmented);
        result.latency.postprocess = Latency.between(segmented, labelled);
        result.latency.memorize = Latency.between(labelled, end);
    }
}
