package org.mobilevos.screens;

import java.util.ArrayList;
import java.util.List;

/** A FrameLayout, and what scrolls: children one over the other; one that scrolls is as long as it wishes. */
final class Frame extends View {
    /** In which direction the child may be longer than this view. */
    enum Scroll {
        NONE,
        ACROSS,
        DOWN
    }

    final List<View> children = new ArrayList<>();
    private final Scroll scroll;
    private final boolean fills;

    Frame(Attributes attributes, Scroll scroll) {
        super(attributes);
        this.scroll = scroll;
        fills = attributes.flag("fillViewport", false);
    }

    @Override
    List<View> children() {
        return children;
    }

    /** Whether children may leave this view at one side without a fault. */
    boolean scrolls() {
        return scroll != Scroll.NONE;
    }

    @Override
    void measure(Spec across, Spec down) {
        int widest = 0;
        int highest = 0;
        for (View child : children) {
            if (!child.gone) {
                measureChild(child, across, down);
                widest = Math.max(widest, child.outerWidth());
                highest = Math.max(highest, child.outerHeight());
            }
        }
        width = across.resolve(Math.max(minWidth, widest + paddingAcross()));
        height = down.resolve(Math.max(minHeight, highest + paddingDown()));
        for (View child : children) {
            boolean again = !child.gone && (child.wishWidth == Spec.MATCH || child.wishHeight == Spec.MATCH);
            if (again && scroll == Scroll.NONE) {
                measureChild(child, Spec.exactly(width), Spec.exactly(height));
            } else if (fills && !child.gone) {
                fill(child);
            }
        }
    }

    private void measureChild(View child, Spec across, Spec down) {
        Spec childAcross = across.child(paddingAcross() + child.marginLeft + child.marginRight, child.wishWidth);
        Spec childDown = down.child(paddingDown() + child.marginTop + child.marginBottom, child.wishHeight);
        child.measure(scroll == Scroll.ACROSS ? Spec.free() : childAcross,
                scroll == Scroll.DOWN ? Spec.free() : childDown);
    }

    private void fill(View child) {
        int viewWidth = width - paddingAcross() - child.marginLeft - child.marginRight;
        int viewHeight = height - paddingDown() - child.marginTop - child.marginBottom;
        if (scroll == Scroll.DOWN && child.height < viewHeight || scroll == Scroll.ACROSS && child.width < viewWidth) {
            child.measure(Spec.exactly(scroll == Scroll.ACROSS ? viewWidth : child.width),
                    Spec.exactly(scroll == Scroll.DOWN ? viewHeight : child.height));
        }
    }

    @Override
    void layout() {
        for (View child : children) {
            if (!child.gone) {
                Gravity gravity = child.layoutGravity == null ? new Gravity(0, 0) : child.layoutGravity;
                child.place(
                        paddingLeft + child.marginLeft + Math.round(gravity.across() * (scroll == Scroll.ACROSS ? 0
                                : width - paddingAcross() - child.outerWidth())),
                        paddingTop + child.marginTop + Math.round(gravity.down() * (scroll == Scroll.DOWN ? 0
                                : height - paddingDown() - child.outerHeight())));
            }
        }
    }
}
