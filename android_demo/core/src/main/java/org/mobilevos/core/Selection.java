package org.mobilevos.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * How a user selects one object on one frame: a box around it, strokes on it (plus) and beside it (minus), in any
 * order. Each change finds the object anew, which takes about a second at most: call it off the UI thread. For use in
 * one thread at a time. The frame must stay as it is.
 */
public final class Selection {
    private static final byte PLUS = 1;
    private static final byte MINUS = 2;
    // An object may reach beyond a stroke on it by the stroke's own size, and by this share of the frame's shorter
    // side.
    private static final double LEAST_REACH = 0.15;

    private final RgbImage frame;
    private final byte id;
    /** Pixels of the other objects. */
    private final BitSet taken;
    private final Mask mask;
    /** What the strokes say of each pixel: PLUS, MINUS or 0; the last stroke over it counts. */
    private final byte[] hints;
    /** The first one is no box and no stroke: what was selected from the start. */
    private final List<Change> changes = new ArrayList<Change>();

    /** A box or a stroke, and the pixels that are selected with it. */
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
     * @param taken all objects of the frame so far, or null for none. Pixels of other ids are left alone, unless a plus
     *     stroke goes over them; pixels of the object's own id are selected at first, to be corrected
     * @throws InvalidInputException an id out of range, or a mask of another size than the frame's
     */
    public Selection(RgbImage frame, int objectId, Mask taken) {
        if (objectId < 1 || objectId > Constants.MAX_OBJECT_ID) {
            throw new InvalidInputException(
                    "an object cannot have the id " + objectId + "; choose 1 to " + Constants.MAX_OBJECT_ID);
        }
        if (taken != null && (taken.width != frame.width || taken.height != frame.height)) {
            throw new InvalidInputException("the mask of the objects so far is " + taken.width + "x" + taken.height
                    + ", the frame " + frame.width + "x" + frame.height + "; pass one of the frame's size");
        }
        this.frame = frame;
        id = (byte) objectId;
        mask = new Mask(frame.width, frame.height);
        hints = new byte[mask.ids.length];
        this.taken = new BitSet(hints.length);
        BitSet own = new BitSet(hints.length);
        for (int pixel = 0; taken != null && pixel < hints.length; pixel++) {
            own.set(pixel, taken.ids[pixel] == id);
            this.taken.set(pixel, taken.ids[pixel] != id && taken.ids[pixel] != 0);
        }
        Change start = new Change(own.isEmpty() ? null : bounds(own), null);
        start.selected = own;
        changes.add(start);
        show(own);
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
     * Says that the pixels under a stroke belong to the object, or that they do not. The rest follows: a plus stroke
     * only adds, a minus stroke only takes away.
     *
     * @param xs columns of the points that the stroke goes through, which may be outside of the frame
     * @param ys rows of the points
     * @param count how many of the points, 1 or more
     * @param radius half of the stroke's width in pixels, 0 or more
     * @param plus whether they belong to the object
     * @throws InvalidInputException no points, more than there are, or a radius under 0
     */
    public void stroke(int[] xs, int[] ys, int count, int radius, boolean plus) {
        change(new Change(null, new Stroke(xs, ys, count, radius, plus)));
    }

    /** Takes the last box or stroke back; without any, nothing happens. */
    public void undo() {
        if (changes.size() > 1) {
            changes.remove(changes.size() - 1);
            show(last().selected);
        }
    }

    /** Whether nothing is selected. */
    public boolean isEmpty() {
        return last().selected.isEmpty();
    }

    /** Whether the object in the box was not found, and an ellipse stands in for it, until the next change. */
    public boolean isGuessed() {
        return last().guessed;
    }

    /**
     * The selected pixels, with the object's id; no others. It belongs to the selection, whose next change overwrites
     * it.
     */
    public Mask mask() {
        return mask;
    }

    private Change last() {
        return changes.get(changes.size() - 1);
    }

    private void show(BitSet selected) {
        mask.clear();
        for (int pixel = selected.nextSetBit(0); pixel >= 0; pixel = selected.nextSetBit(pixel + 1)) {
            mask.ids[pixel] = id;
        }
    }

    private void change(Change change) {
        BitSet before = last().selected;
        changes.add(change);
        try {
            change.selected = select(change, before);
        } finally {
            if (change.selected == null) { // a large frame can take more memory than there is
                changes.remove(change);
            }
        }
        show(change.selected);
    }

    private BitSet select(Change change, BitSet before) {
        paintHints();
        Box reach = reach();
        BitSet selected = reach == null ? new BitSet() : find(change, before, reach);
        if (change.stroke != null && change.stroke.plus) {
            selected.or(before);
        } else if (change.stroke != null) {
            selected.and(before);
        }
        for (int pixel = 0; pixel < hints.length; pixel++) {
            if (hints[pixel] != 0) {
                selected.set(pixel, hints[pixel] == PLUS);
            }
        }
        return selected;
    }

    private void paintHints() {
        Arrays.fill(hints, (byte) 0);
        for (Change change : changes) {
            if (change.stroke != null) {
                change.stroke.paint(hints, frame.width, frame.height, change.stroke.plus ? PLUS : MINUS);
            }
        }
    }

    /** The last box that was drawn, or the one around the object that is corrected; null without either. */
    private Box box() {
        Box box = null;
        for (Change change : changes) {
            box = change.box == null ? box : change.box;
        }
        return box;
    }

    /** Where the object may be: in the box, and around those plus strokes that leave it. Null where nothing says it. */
    private Box reach() {
        Box box = box();
        Box reach = box;
        for (Change change : changes) {
            boolean plus = change.stroke != null && change.stroke.plus;
            Box bounds = plus ? change.stroke.bounds(frame.width, frame.height) : null;
            if (bounds != null && (box == null || !box.contains(bounds))) {
                int least = (int) (LEAST_REACH * Math.min(frame.width, frame.height));
                int margin = Math.max(Math.max(bounds.width, bounds.height), least);
                reach = bounds.grown(margin, margin, frame.width, frame.height).with(reach);
            }
        }
        return reach;
    }

    /** Cuts the object out: from a box that was just drawn, or else from what was selected before. */
    private BitSet find(Change change, BitSet before, Box reach) {
        CutOut cut = new CutOut(frame, CutOut.surroundings(reach, frame.width, frame.height));
        cut.label(reach, GrabCut.PROBABLY_BACKGROUND);
        if (change.box != null) {
            cut.label(change.box, GrabCut.PROBABLY_FOREGROUND);
        }
        boolean isMarked = false;
        for (int pixel = 0; pixel < cut.labels.length; pixel++) {
            int at = cut.part.pixelOf(pixel, frame.width);
            if (hints[at] != 0) {
                cut.labels[pixel] = hints[at] == PLUS ? GrabCut.FOREGROUND : GrabCut.BACKGROUND;
                isMarked |= hints[at] == PLUS;
            } else if (taken.get(at)) {
                cut.labels[pixel] = GrabCut.IGNORED;
            } else if (change.box == null && before.get(at)) {
                cut.labels[pixel] = GrabCut.PROBABLY_FOREGROUND;
            }
        }
        byte[] found = cut.find(box() == null ? Pieces.ONLY_MARKED : Constants.LEAST_PIECE);
        change.guessed = change.box != null && !isMarked && FirstMask.isFailure(found, change.box);
        return change.guessed
                ? inFrame(FirstMask.ellipse(change.box), change.box)
                : inFrame(found, cut.part);
    }

    /** The pixels of a part of the frame that are 1, without those of other objects. */
    private BitSet inFrame(byte[] found, Box part) {
        BitSet selected = new BitSet(hints.length);
        for (int pixel = 0; pixel < found.length; pixel++) {
            int at = part.pixelOf(pixel, frame.width);
            if (found[pixel] != 0 && !taken.get(at)) {
                selected.set(at);
            }
        }
        return selected;
    }

    private Box bounds(BitSet pixels) {
        int left = frame.width;
        int right = 0;
        for (int pixel = pixels.nextSetBit(0); pixel >= 0; pixel = pixels.nextSetBit(pixel + 1)) {
            left = Math.min(left, pixel % frame.width);
            right = Math.max(right, pixel % frame.width + 1);
        }
        int top = pixels.nextSetBit(0) / frame.width;
        return new Box(left, top, right - left, (pixels.length() - 1) / frame.width + 1 - top);
    }
}
