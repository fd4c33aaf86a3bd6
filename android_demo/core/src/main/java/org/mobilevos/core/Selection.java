package org.mobilevos.core;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * How a user selects one object on one frame: a box around it, strokes on it (plus) and beside it (minus), in any order. Each
 * change finds the object anew, which takes up to a second on a desktop's core: call it off the UI thread. For use in one
 * thread at a time. The frame must stay as it is.
 */
public final class Selection {
    private static final byte PLUS = 1;
    private static final byte MINUS = 2;
    // How far an object may reach beyond the strokes on it: their own size on each side, and this share of the frame's
    // shorter side at least.
    private static final double LEAST_REACH = 0.15;

    private final RgbImage frame;
    private final byte id;
    private final Mask taken;
    private final Mask mask;
    /** What the strokes say of each pixel: PLUS, MINUS or 0; the last stroke over it counts. */
    private final byte[] hints;
    private final List<Change> changes = new ArrayList<Change>();
    /** The pixels that were selected from the start. */
    private final BitSet start;

    /** A box or a stroke, and what was selected after it. */
    private static final class Change {
        final Box box;
        final Stroke stroke;
        boolean guessed;
        BitSet selected;

        Change(Box box, Stroke stroke) {
            this.box = box;
            this.stroke = stroke;
        }
    }

    /**
     * Begins a selection.
     *
     * @param objectId the object's id, 1 to 255
     * @param taken all objects of the frame so far; null: none. Pixels of other ids are left alone, unless a plus stroke
     *     goes over them; pixels of the object's own id are selected at first, to be corrected
     * @throws InvalidInputException an id out of range, or a mask of another size than the frame's
     */
    public Selection(RgbImage frame, int objectId, Mask taken) {
        if (objectId < 1 || objectId > Constants.MAX_OBJECT_ID) {
            throw new InvalidInputException(
                    "an object cannot have the id " + objectId + "; choose 1 to " + Constants.MAX_OBJECT_ID);
        }
        if (taken != null && (taken.width != frame.width || taken.height != frame.height)) {
            throw new InvalidInputException("the mask of the other objects is " + taken.width + "x" + taken.height
                    + ", the frame " + frame.width + "x" + frame.height + "; pass one of the frame's size");
        }
        this.frame = frame;
        id = (byte) objectId;
        this.taken = taken == null ? null : taken.copy();
        mask = new Mask(frame.width, frame.height);
        hints = new byte[mask.ids.length];
        start = new BitSet(mask.ids.length);
        for (int pixel = 0; taken != null && pixel < hints.length; pixel++) {
            start.set(pixel, taken.ids[pixel] == id);
        }
        show(start);
    }

    /**
     * Selects what is in a box, and forgets what was selected before; strokes go on to count.
     *
     * @param box drawn a little larger than the object
     * @throws InvalidInputException the box is under 4x4 pixels or leaves the frame
     */
    public void box(Box box) {
        FirstMask.check(box, frame);
        change(new Change(box, null));
    }

    /**
     * Says of the pixels under a stroke that they belong to the object, or that they do not, and refines the rest.
     *
     * @param xs columns of the points that the stroke goes through, which may be outside of the frame
     * @param ys rows of the points
     * @param count how many of the points, 1 or more
     * @param radius half of the stroke's width in pixels, 0 or more
     * @param plus whether they belong to the object
     * @throws InvalidInputException no points, or a radius under 0
     */
    public void stroke(int[] xs, int[] ys, int count, int radius, boolean plus) {
        change(new Change(null, new Stroke(xs, ys, count, radius, plus)));
    }

    /** Takes the last box or stroke back; without any, nothing happens. */
    public void undo() {
        if (!changes.isEmpty()) {
            changes.remove(changes.size() - 1);
            show(selected());
        }
    }

    /** Whether nothing is selected. */
    public boolean isEmpty() {
        return selected().isEmpty();
    }

    /** Whether the object in the box was not found, and an ellipse stands in for it, until the next change. */
    public boolean isGuessed() {
        return !changes.isEmpty() && changes.get(changes.size() - 1).guessed;
    }

    /** The selected pixels, with the object's id; no others. It belongs to the selection, whose next change overwrites it. */
    public Mask mask() {
        return mask;
    }

    private BitSet selected() {
        return changes.isEmpty() ? start : changes.get(changes.size() - 1).selected;
    }

    private void show(BitSet selected) {
        mask.clear();
        for (int pixel = selected.nextSetBit(0); pixel >= 0; pixel = selected.nextSetBit(pixel + 1)) {
            mask.ids[pixel] = id;
        }
    }

    private void change(Change change) {
        if (change.box != null) {
            mask.clear();
        }
        changes.add(change);
        paintHints();
        find(change);
        change.selected = new BitSet(hints.length);
        for (int pixel = 0; pixel < hints.length; pixel++) {
            change.selected.set(pixel, hints[pixel] == PLUS || mask.ids[pixel] == id && hints[pixel] != MINUS);
        }
        show(change.selected);
    }

    private void paintHints() {
        java.util.Arrays.fill(hints, (byte) 0);
        for (Change change : changes) {
            if (change.stroke != null) {
                change.stroke.paint(hints, frame.width, frame.height, change.stroke.plus ? PLUS : MINUS);
            }
        }
    }

    /** Writes what GrabCut finds into the mask; leaves it as it is where nothing says where the object may be. */
    private void find(Change change) {
        Box box = lastBox();
        Box reach = box;
        for (Change one : changes) {
            Box strokeReach = one.stroke != null && one.stroke.plus ? reachOf(one.stroke) : null;
            reach = strokeReach == null ? reach : strokeReach.with(reach);
        }
        if (reach == null) {
            return;
        }
    }
}
