package org.mobilevos.screens;

import java.util.ArrayList;
import java.util.List;

/** A LinearLayout or RadioGroup: children in a row or a column, some of which share what is left by their weights. */
class Linear extends View {
    final List<View> children = new ArrayList<>();
    boolean across;
    private final Gravity gravity;
    private final boolean baseLines;
    private int used;

    /** With the orientation of its class where the attributes say none. */
    Linear(Attributes attributes, String byDefault) {
        super(attributes);
        across = attributes.word("orientation", byDefault, "horizontal", "vertical").equals("horizontal");
        gravity = Gravity.of(attributes.get("gravity", "left|top"), where);
        baseLines = attributes.flag("baselineAligned", true);
    }

    @Override
    List<View> children() {
        return children;
    }

    private List<View> present() {
        return children.stream().filter(child -> !child.gone).toList();
    }

    @Override
    void measure(Spec acrossSpec, Spec downSpec) {
        if (across && baseLines && children.stream().anyMatch(child -> child.wishHeight != Spec.MATCH)) {
            throw new ScreensException(
                    where + " aligns base lines, which is not drawn here; say baselineAligned=\"false\"");
        }
        Spec along = across ? acrossSpec : downSpec;
        used = 0;
        float weights = 0;
        for (View child : present()) {
            weights += child.weight;
            // With something to share out, such a child has nothing of its own.
            if (along.mode() == Spec.Mode.EXACTLY && child.weight > 0 && wish(child) == 0) {
                used += margins(child);
            } else {
                int wish = child.weight > 0 && wish(child) == 0 ? Spec.WRAP : wish(child);
                measureChild(child, acrossSpec, downSpec, along.child(padding() + margins(child)
                        + (weights == 0 ? used : 0), wish));
                used += side(child) + margins(child);
            }
        }
        int length = along.resolve(Math.max(used + padding(), across ? minWidth : minHeight));
        share(length - used - padding(), weights, acrossSpec, downSpec, along);
        int thick = 0;
        for (View child : present()) {
            thick = Math.max(thick, across ? child.outerHeight() : child.outerWidth());
        }
        Spec other = across ? downSpec : acrossSpec;
        thick += across ? paddingDown() : paddingAcross();
        thick = other.resolve(Math.max(thick, across ? minHeight : minWidth));
        width = across ? length : thick;
        height = across ? thick : length;
        for (View child : present()) { // those that match a parent whose side was not known before
            if ((across ? child.wishHeight : child.wishWidth) == Spec.MATCH && other.mode() != Spec.Mode.EXACTLY) {
                int inner = across ? height - paddingDown() - child.marginTop - child.marginBottom
                        : width - paddingAcross() - child.marginLeft - child.marginRight;
                child.measure(across ? Spec.exactly(child.width) : Spec.exactly(inner),
                        across ? Spec.exactly(inner) : Spec.exactly(child.height));
            }
        }
    }

    /** Gives the children with weights their shares of what is left, or of what is missing. */
    private void share(int left, float weights, Spec acrossSpec, Spec downSpec, Spec along) {
        if (weights == 0 || along.mode() == Spec.Mode.FREE) {
            return;
        }
        int rest = left;
        float open = weights;
        for (View child : present()) {
            if (child.weight > 0) {
                int part = (int) (child.weight / open * rest);
                open -= child.weight;
                rest -= part;
                boolean nothing = wish(child) == 0 && along.mode() == Spec.Mode.EXACTLY;
                int before = nothing ? 0 : side(child);
                measureChild(child, acrossSpec, downSpec, Spec.exactly(before + part));
                used += side(child) - before;
            }
        }
    }

    private void measureChild(View child, Spec acrossSpec, Spec downSpec, Spec along) {
        if (across) {
            child.measure(along,
                    downSpec.child(paddingDown() + child.marginTop + child.marginBottom, child.wishHeight));
        } else {
            child.measure(acrossSpec.child(paddingAcross() + child.marginLeft + child.marginRight, child.wishWidth),
                    along);
        }
    }

    private int padding() {
        return across ? paddingAcross() : paddingDown();
    }

    private int wish(View child) {
        return across ? child.wishWidth : child.wishHeight;
    }

    private int side(View child) {
        return across ? child.width : child.height;
    }

    private int margins(View child) {
        return across ? child.marginLeft + child.marginRight : child.marginTop + child.marginBottom;
    }

    @Override
    void layout() {
        int left = (across ? width : height) - padding() - used;
        int at = (across ? paddingLeft : paddingTop) + Math.round(left * (across ? gravity.across() : gravity.down()));
        for (View child : present()) {
            Gravity own = child.layoutGravity == null ? gravity : child.layoutGravity;
            if (across) {
                int free = height - paddingDown() - child.outerHeight();
                child.place(at + child.marginLeft, paddingTop + child.marginTop + Math.round(free * own.down()));
                at += child.outerWidth();
            } else {
                int free = width - paddingAcross() - child.outerWidth();
                child.place(paddingLeft + child.marginLeft + Math.round(free * own.across()), at + child.marginTop);
                at += child.outerHeight();
            }
        }
    }
}
