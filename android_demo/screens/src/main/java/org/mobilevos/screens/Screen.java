package org.mobilevos.screens;

import java.awt.Color;
import java.util.List;
import java.util.Locale;

/** The activity's layout on a device, brought into a state as the app's code does it, and drawn. */
final class Screen {
    /** Android's bars in dp: at the top, and the highest one at the bottom, with three buttons. */
    private static final int STATUS_BAR = 24;
    private static final int NAVIGATION_BAR = 48;
    /** The least side of what is touched, in dp (Material Design; WCAG 2.1, 2.5.5 has 44). */
    private static final int LEAST_TOUCH = 48;

    final String name;
    final Resources resources;
    private final View root;

    Screen(String name, Resources resources, String tab) {
        this.name = name;
        this.resources = resources;
        root = new Inflater(resources).inflate("activity_main");
        view("tab_" + tab).checked = true;
        for (String each : List.of("camera", "video", "bench")) {
            show(each, each.equals(tab));
        }
    }

    View view(String id) {
        View view = root.find(id);
        if (view == null) {
            throw new ScreensException("no layout of the screen '" + name + "' has the id " + id);
        }
        return view;
    }

    void show(String id, boolean visible) {
        view(id).gone = !visible;
    }

    void enable(String id, boolean enabled) {
        view(id).enabled = enabled;
    }

    void text(String id, String text) {
        ((TextBox) view(id)).text = text;
    }

    void progress(String id, float share) {
        ((Slider) view(id)).progress = share;
    }

    void paint(String id, PictureBox.Painter painter) {
        ((PictureBox) view(id)).painter = painter;
    }

    /** The tools for marking: as the app's SelectionPanel shows them. */
    void selection(String id, String tool, boolean frozen, boolean empty) {
        View panel = view(id);
        panel.gone = false;
        panel.find(tool).checked = true;
        panel.find("undo").enabled = frozen;
        panel.find("cancel_selection").enabled = frozen;
        panel.find("accept").enabled = frozen && !empty;
    }

    /** Measures and places all views, between Android's bars. */
    void layout() {
        Device device = resources.device;
        // At the side where the screen is wider than high.
        boolean wide = device.width() > device.height();
        int bar = device.dp(NAVIGATION_BAR);
        int top = device.dp(STATUS_BAR);
        root.measure(Spec.exactly(device.width() - (wide ? bar : 0)),
                Spec.exactly(device.height() - top - (wide ? 0 : bar)));
        root.place(0, top);
    }

    /** Draws it; adds what cannot be read or touched to the canvas's faults. */
    void draw(Canvas canvas) {
        canvas.graphics().setColor(color("?android:attr/windowBackground"));
        canvas.graphics().fillRect(0, 0, canvas.image().getWidth(), canvas.image().getHeight());
        layout();
        root.draw(canvas);
        check(root, canvas.faults());
    }

    Color color(String reference) {
        return Colors.literal(resources.resolve(reference));
    }

    /** Adds views that leave their parents, or are too small for a finger. */
    void check(View view, List<String> faults) {
        int least = resources.device.dp(LEAST_TOUCH);
        for (View child : view.children()) {
            if (child.gone || child.invisible) {
                continue;
            }
            boolean outside = child.left < 0 || child.top < 0 || child.left + child.width > view.width
                    || child.top + child.height > view.height;
            if (outside && !(view instanceof Frame frame && frame.scrolls())) {
                faults.add(String.format(Locale.ENGLISH, "%s: %dx%d at %d,%d leaves %s, which is %dx%d", child.where,
                        child.width, child.height, child.left, child.top, view.where, view.width, view.height));
            }
            if (child.touched && Math.min(child.width, child.height) < least) {
                faults.add(String.format(Locale.ENGLISH, "%s: %dx%d pixels are less than a finger's %d", child.where,
                        child.width, child.height, least));
            }
            check(child, faults);
        }
    }
}
