package org.mobilevos.screens;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Path2D;
import java.util.List;
import java.util.Locale;

/** A Spinner, closed: the chosen entry, and Material's small triangle. */
final class Picker extends View {
    /** The entry that is chosen, drawn as Android's simple_spinner_item. */
    String text = "";
    /** The entry that is chosen where a layout of the app's draws it; null for none. */
    TextBox entry;
    // The entry's own sides, and what the triangle's picture takes (spinner_background_material), in dp.
    private static final int EDGE = 8;
    private static final int TRIANGLE = 48;

    private final Font font;
    private final Color color;
    private final Color triangle;
    private final float density;

    Picker(Attributes attributes) {
        super(attributes);
        Device device = attributes.resources.device;
        density = device.density();
        font = Fonts.of("sans-serif", device.pixels("16sp", where)); // TextAppearance.Material.Menu
        color = Colors.literal(attributes.resources.resolve("?android:attr/textColorPrimary"));
        triangle = Colors.literal(attributes.resources.resolve("?android:attr/textColorSecondary"));
        String entries = attributes.entries();
        if (entries != null) {
            List<String> all = attributes.resources.array(entries);
            text = all.get(0);
        }
    }

    @Override
    void measure(Spec across, Spec down) {
        width = across.resolve((int) Math.ceil(Texts.width(text, font)) + Math.round((2 * EDGE + TRIANGLE) * density));
        int wish = Math.max(minHeight, Math.round(48 * density));
        if (entry != null) {
            entry.measure(Spec.exactly(width - Math.round(TRIANGLE * density)), Spec.free());
            wish = Math.max(wish, entry.height);
        }
        height = down.resolve(wish);
    }

    @Override
    void drawContent(Canvas canvas) {
        if (entry == null) {
            drawText(canvas);
        } else {
            entry.left = 0;
            entry.top = (height - entry.height) / 2;
            entry.draw(canvas);
        }
        drawTriangle(canvas.graphics());
    }

    private void drawText(Canvas canvas) {
        Graphics2D graphics = canvas.graphics();
        graphics.setFont(font);
        graphics.setColor(color);
        float room = width - (2 * EDGE + TRIANGLE) * density;
        float size = font.getSize2D();
        if (Texts.width(text, font) > room) {
            canvas.faults().add(String.format(Locale.ENGLISH, "%s: '%s' is %.0f pixels wide in a box of %.0f", where,
                    text, Texts.width(text, font), room));
        }
        graphics.drawString(text, EDGE * density, (height - Fonts.LINE * size) / 2 + Fonts.ASCENT * size);
    }

    private void drawTriangle(Graphics2D graphics) {
        graphics.setColor(triangle);
        float middle = width - TRIANGLE / 2f * density;
        Path2D.Float down = new Path2D.Float();
        down.moveTo(middle - 5 * density, height / 2f - 2.5f * density);
        down.lineTo(middle + 5 * density, height / 2f - 2.5f * density);
        down.lineTo(middle, height / 2f + 2.5f * density);
        down.closePath();
        graphics.fill(down);
    }
}
