package org.mobilevos.screens;

import java.awt.Graphics2D;
import java.awt.Shape;
import java.util.List;

/** One view: a rectangle with a background, which its parent measures, places and draws, as Android's View. */
abstract class View {
    final String id;
    final String where;
    /** Layout parameters: pixels, {@link Spec#MATCH} or {@link Spec#WRAP}; parents may change them beforehand. */
    int wishWidth;
    int wishHeight;
    float weight;
    final Gravity layoutGravity;
    int marginLeft;
    int marginTop;
    int marginRight;
    int marginBottom;
    int paddingLeft;
    int paddingTop;
    int paddingRight;
    int paddingBottom;
    int minWidth;
    int minHeight;
    boolean gone;
    boolean invisible;
    boolean enabled;
    boolean checked;
    /** Whether a finger has something to do on it. */
    boolean touched;
    /** In the parent, after layout. */
    int left;
    int top;
    int width;
    int height;
    private Drawable background;

    View(Attributes attributes) {
        id = attributes.id();
        where = attributes.where();
        wishWidth = side(attributes, "layout_width");
        wishHeight = side(attributes, "layout_height");
        weight = attributes.number("layout_weight", 0);
        String gravity = attributes.get("layout_gravity");
        layoutGravity = gravity == null ? null : Gravity.of(gravity, where);
        int margin = attributes.size("layout_margin", 0);
        marginLeft = edge(attributes, "layout_margin", "Left", "Start", "Horizontal", margin);
        marginRight = edge(attributes, "layout_margin", "Right", "End", "Horizontal", margin);
        marginTop = edge(attributes, "layout_margin", "Top", "Top", "Vertical", margin);
        marginBottom = edge(attributes, "layout_margin", "Bottom", "Bottom", "Vertical", margin);
        int padding = attributes.size("padding", 0);
        paddingLeft = edge(attributes, "padding", "Left", "Start", "Horizontal", padding);
        paddingRight = edge(attributes, "padding", "Right", "End", "Horizontal", padding);
        paddingTop = edge(attributes, "padding", "Top", "Top", "Vertical", padding);
        paddingBottom = edge(attributes, "padding", "Bottom", "Bottom", "Vertical", padding);
        minWidth = attributes.size("minWidth", 0);
        minHeight = attributes.size("minHeight", 0);
        String visibility = attributes.word("visibility", "visible", "visible", "invisible", "gone");
        gone = visibility.equals("gone");
        invisible = visibility.equals("invisible");
        enabled = attributes.flag("enabled", true);
        checked = attributes.flag("checked", false);
        background = attributes.drawable("background");
    }

    private static int side(Attributes attributes, String name) {
        String value = attributes.get(name);
        if (value == null) {
            throw new ScreensException(attributes.where() + " has no " + name + "; Android needs it");
        }
        return switch (value) {
            case "match_parent" -> Spec.MATCH;
            case "wrap_content" -> Spec.WRAP;
            default -> attributes.size(name, 0);
        };
    }

    private static int edge(Attributes attributes, String what, String side, String other, String both, int all) {
        return attributes.size(what + side, attributes.size(what + other, attributes.size(what + both, all)));
    }

    State state() {
        return new State(enabled, checked);
    }

    List<View> children() {
        return List.of();
    }

    /** Finds {@link #width} and {@link #height}, padding included. */
    abstract void measure(Spec across, Spec down);

    /** Places the children, once this view has been placed. */
    void layout() {}

    /** Draws what lies over the background; the origin is this view's corner. */
    void drawContent(Canvas canvas) {}

    final int outerWidth() {
        return width + marginLeft + marginRight;
    }

    final int outerHeight() {
        return height + marginTop + marginBottom;
    }

    final int paddingAcross() {
        return paddingLeft + paddingRight;
    }

    final int paddingDown() {
        return paddingTop + paddingBottom;
    }

    final void place(int newLeft, int newTop) {
        left = newLeft;
        top = newTop;
        layout();
    }

    final void draw(Canvas canvas) {
        if (gone || invisible) {
            return;
        }
        Graphics2D graphics = canvas.graphics();
        Shape clip = graphics.getClip();
        graphics.translate(left, top);
        graphics.clipRect(0, 0, width, height);
        if (background != null) {
            background.draw(graphics, width, height, state());
        }
        drawContent(canvas);
        children().forEach(child -> child.draw(canvas));
        graphics.translate(-left, -top);
        graphics.setClip(clip);
    }

    /** The view with an id among this one and those in it; null where there is none. */
    final View find(String wanted) {
        if (id.equals(wanted)) {
            return this;
        }
        for (View child : children()) {
            View found = child.find(wanted);
            if (found != null) {
                return found;
            }
        }
        return null;
    }
}
