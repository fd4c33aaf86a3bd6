package org.mobilevos.demo;

import org.mobilevos.core.Box;
import org.mobilevos.core.Mask;
import org.mobilevos.core.RgbImage;
import org.mobilevos.core.Selection;

/** The selection of one object on a frozen frame, and the picture of it. For the inference thread. */
final class SelectionWork {
    private final RgbImage frame;
    private final FramePainter painter;
    private final Selection selection;
    private final Mask others;
    private final Mask shown;

    /**
     * Begins, and shows the frame.
     *
     * @param frame must stay as it is
     * @param id of the object
     * @param taken the objects of the frame so far; null for none
     */
    SelectionWork(RgbImage frame, int id, Mask taken, FramePainter painter) {
        this.frame = frame;
        this.painter = painter;
        selection = new Selection(frame, id, taken);
        shown = new Mask(frame.width, frame.height);
        others = taken == null ? new Mask(frame.width, frame.height) : taken.copy();
        for (int pixel = 0; pixel < others.ids.length; pixel++) {
            if ((others.ids[pixel] & 0xff) == id) {
                others.ids[pixel] = 0;
            }
        }
        show();
    }

    /** Selects what is in a box; throws as {@link Selection#box}. */
    void box(int left, int top, int width, int height) {
        selection.box(new Box(left, top, width, height));
        show();
    }

    /** Adds what is under a stroke, or takes it away; throws as {@link Selection#stroke}. */
    void stroke(int[] xs, int[] ys, int radius, boolean plus) {
        selection.stroke(xs, ys, xs.length, radius, plus);
        show();
    }

    void undo() {
        selection.undo();
        show();
    }

    boolean isEmpty() {
        return selection.isEmpty();
    }

    /** Whether the outline was not found, and an ellipse stands in for it. */
    boolean isGuessed() {
        return selection.isGuessed();
    }

    /** The selected object alone. */
    Mask mask() {
        return selection.mask();
    }

    /** Paints the selected object over others. */
    void addTo(Mask mask) {
        Mask selected = selection.mask();
        for (int pixel = 0; pixel < selected.ids.length; pixel++) {
            if (selected.ids[pixel] != 0) {
                mask.ids[pixel] = selected.ids[pixel];
            }
        }
    }

    private void show() {
        shown.copyFrom(others);
        addTo(shown);
        painter.drawWhole(frame, shown);
    }
}
