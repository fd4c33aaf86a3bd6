package org.mobilevos.screens;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.RoundRectangle2D;
import java.util.Locale;

/** Material's alert dialog with a layout of the app in it, as AlertDialog shows it over a dimmed screen. */
final class Dialog {
    // alert_dialog_material and its title, in dp.
    private static final int INSET = 16;
    private static final int EDGE = 24;
    private static final int TITLE_HEIGHT = 45;
    private static final int BUTTONS_HEIGHT = 52;

    private final Resources resources;
    private final String title;
    private final View content;
    private final String[] buttons;

    Dialog(Resources resources, String title, View content, String... buttons) {
        this.resources = resources;
        this.title = title;
        this.content = content;
        this.buttons = buttons;
    }

    /** Draws it over a screen; adds what cannot be read or touched in it to the canvas's faults. */
    void draw(Screen screen, Canvas canvas) {
        Device device = resources.device;
        Graphics2D graphics = canvas.graphics();
        graphics.setColor(new Color(0, 0, 0, 153)); // 60 percent
        graphics.fillRect(0, 0, device.width(), device.height());
        int inset = device.dp(INSET);
        int width = device.width() - 2 * inset;
        int around = device.dp(TITLE_HEIGHT) + device.dp(BUTTONS_HEIGHT);
        content.measure(Spec.exactly(width), new Spec(Spec.Mode.AT_MOST, device.height() - 2 * inset - around));
        int height = content.height + around;
        int top = (device.height() - height) / 2;
        // colorBackgroundFloating of Material, light and dark.
        graphics.setColor(device.night() ? new Color(0x424242) : Color.WHITE);
        int corner = 2 * device.dp(2);
        graphics.fill(new RoundRectangle2D.Float(inset, top, width, height, corner, corner));
        Color text = screen.color("?android:attr/textColorPrimary");
        text(graphics, title, "sans-serif-medium", 20, text, inset + device.dp(EDGE), top + device.dp(39));
        content.place(inset, top + device.dp(TITLE_HEIGHT));
        content.draw(canvas);
        screen.check(content, canvas.faults());
        float right = inset + width - device.dp(20);
        for (int index = buttons.length - 1; index >= 0; index--) {
            String label = buttons[index].toUpperCase(Locale.ENGLISH);
            float labelWidth = Texts.width(label, Fonts.of("sans-serif-medium", device.pixels("14sp", title)));
            text(graphics, label, "sans-serif-medium", 14, screen.color("?android:attr/colorAccent"),
                    right - labelWidth, top + height - device.dp(21));
            right -= labelWidth + device.dp(32);
        }
    }

    private void text(Graphics2D graphics, String text, String family, int size, Color color, float x, float y) {
        Font font = Fonts.of(family, resources.device.pixels(size + "sp", text));
        graphics.setFont(font);
        graphics.setColor(color);
        graphics.drawString(text, x, y);
    }
}
