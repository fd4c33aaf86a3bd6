package org.mobilevos.screens;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.util.List;
import java.util.Locale;

/** A TextView, and what is one with a background: Button, RadioButton and ToggleButton without a mark of their own. */
class TextBox extends View {
    // WCAG 2.1, 1.4.3: text of ordinary size.
    private static final double LEAST_CONTRAST = 4.5;

    String text;
    private final Font font;
    private final Colors color;
    private final Gravity gravity;
    private final int mostLines;
    private List<String> lines = List.of();

    TextBox(Attributes attributes) {
        super(attributes);
        text = attributes.get("text", "");
        if (attributes.flag("textAllCaps", false)) {
            text = text.toUpperCase(Locale.ENGLISH);
        }
        String style = attributes.word("textStyle", "normal", "normal", "bold");
        String family = style.equals("bold") ? "bold" : attributes.get("fontFamily", "sans-serif");
        attributes.get("fontFamily");
        if (!attributes.has("textSize") || !attributes.has("textColor")) {
            throw new ScreensException(
                    where + " leaves its textSize or textColor to the platform; say both in its style");
        }
        font = Fonts.of(family, attributes.pixels("textSize", 0));
        color = attributes.color("textColor");
        gravity = Gravity.of(attributes.get("gravity", "left|top"), where);
        mostLines = attributes.flag("singleLine", false) ? 1 : (int) attributes.number("maxLines", Integer.MAX_VALUE);
        if (attributes.get("button") != null) {
            throw new ScreensException(
                    where + " has a button of its own, which is not drawn here; teach it to TextBox.java");
        }
    }

    /** Pixels at the right that are not for the text. */
    int beside() {
        return 0;
    }

    @Override
    void measure(Spec across, Spec down) {
        float widest = 0;
        for (String line : text.split("\n", -1)) {
            widest = Math.max(widest, Texts.width(line, font));
        }
        int wish = (int) Math.ceil(widest) + paddingAcross() + beside();
        width = across.resolve(Math.max(minWidth, wish));
        lines = Texts.lines(text, font, width - paddingAcross() - beside());
        height = down.resolve(Math.max(minHeight, textHeight() + paddingDown()));
    }

    private int textHeight() {
        float sizes = Math.min(lines.size(), mostLines) * Fonts.LINE + Fonts.FIRST + Fonts.LAST;
        return Math.round(sizes * font.getSize2D());
    }

    @Override
    void drawContent(Canvas canvas) {
        if (text.isEmpty()) {
            return;
        }
        Graphics2D graphics = canvas.graphics();
        int inner = width - paddingAcross() - beside();
        int innerHeight = height - paddingDown();
        Color chosen = color.of(state());
        graphics.setFont(font);
        float size = font.getSize2D();
        float base = paddingTop + gravity.down() * (innerHeight - textHeight())
                + (Fonts.FIRST + Fonts.ASCENT) * size;
        // Beside the first letter, where nothing is written yet.
        Color below = canvas.below(start(lines.get(0), inner) - 1, base - size / 3);
        check(canvas.faults(), inner, innerHeight, Colors.contrast(chosen, below));
        graphics.setColor(chosen);
        for (String line : lines) {
            graphics.drawString(line, start(line, inner), base);
            base += Fonts.LINE * size;
        }
    }

    /** Where a line begins. */
    private float start(String line, int inner) {
        return paddingLeft + gravity.across() * (inner - Texts.width(line, font));
    }

    private void check(List<String> faults, int inner, int innerHeight, double contrast) {
        if (lines.size() > mostLines) {
            faults.add(where + ": '" + text + "' has " + lines.size() + " lines, and is cut after " + mostLines);
        }
        if (textHeight() > innerHeight) {
            faults.add(where + ": '" + text + "' is " + textHeight() + " pixels high in a box of " + innerHeight);
        }
        for (String line : lines) {
            if (Texts.width(line, font) > inner + 1) {
                faults.add(where + ": '" + line + "' is " + Math.round(Texts.width(line, font))
                        + " pixels wide in a box of " + inner);
            }
        }
        // A control that cannot be used now may be faint: the same criterion says so.
        if (enabled && contrast < LEAST_CONTRAST) {
            faults.add(String.format(Locale.ENGLISH, "%s: '%s' has a contrast of %.1f, less than %.1f", where, text,
                    contrast, LEAST_CONTRAST));
        }
    }
}
