package org.mobilevos.screens;

import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.w3c.dom.Element;

/** A colour, or a list of which a view's state chooses one. */
final class Colors {
    private record Choice(Map<String, String> conditions, Color color) {}

    private final List<Choice> choices = new ArrayList<>();

    private Colors() {}

    /** From a resolved value: {@code #AARRGGBB} and its shorter forms, or a file {@code @color/...}. */
    static Colors read(String value, Resources resources) {
        Colors colors = new Colors();
        if (value.startsWith("#")) {
            colors.choices.add(new Choice(Map.of(), literal(value)));
            return colors;
        }
        Element root = resources.xml(value);
        Drawables.expect(root, "selector");
        for (Element item : Xml.children(root)) {
            Map<String, String> conditions = Xml.attributes(item);
            String color = conditions.remove("color");
            String alpha = conditions.remove("alpha");
            Color chosen = literal(resources.resolve(color));
            if (alpha != null) {
                chosen = new Color(chosen.getRed(), chosen.getGreen(), chosen.getBlue(),
                        Math.round(chosen.getAlpha() * Float.parseFloat(alpha)));
            }
            colors.choices.add(new Choice(conditions, chosen));
        }
        return colors;
    }

    static Color literal(String value) {
        String digits = value.substring(1);
        if (!value.startsWith("#") || !digits.matches("[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8}")) {
            throw new ScreensException("'" + value + "' is not a colour; write it as #RRGGBB or #AARRGGBB");
        }
        if (digits.length() == 3) {
            digits = digits.replaceAll("(.)", "$1$1");
        }
        return new Color((int) Long.parseLong(digits, 16), digits.length() == 8);
    }

    /** The first colour whose conditions hold. */
    Color of(State state) {
        return choices.stream().filter(choice -> state.matches(choice.conditions())).map(Choice::color).findFirst()
                .orElseThrow(() -> new ScreensException("a list of colours has none for " + state));
    }

    /** How well one colour can be read on another, 1 to 21: WCAG 2.1's contrast ratio. */
    static double contrast(Color one, Color other) {
        double brighter = Math.max(luminance(one), luminance(other));
        double darker = Math.min(luminance(one), luminance(other));
        return (brighter + 0.05) / (darker + 0.05);
    }

    private static double luminance(Color color) {
        return 0.2126 * linear(color.getRed()) + 0.7152 * linear(color.getGreen()) + 0.0722 * linear(color.getBlue());
    }

    private static double linear(int level) {
        double share = level / 255.0;
        return share <= 0.04045 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4);
    }
}
