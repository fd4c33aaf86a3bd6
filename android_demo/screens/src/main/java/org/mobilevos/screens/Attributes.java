package org.mobilevos.screens;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.w3c.dom.Element;

/** One element's attributes over those of its style. Each must be asked for, or be one that cannot be seen. */
final class Attributes {
    private static final Set<String> UNSEEN = Set.of("accessibilityHeading", "accessibilityLiveRegion",
            "accessibilityPaneTitle", "accessibilityTraversalBefore", "clickable", "contentDescription",
            "fitsSystemWindows", "focusable", "hapticFeedbackEnabled", "importantForAccessibility", "indeterminateOnly",
            "keepScreenOn", "labelFor", "saveEnabled", "saveFromParentEnabled", "screenReaderFocusable",
            "stateListAnimator", "textIsSelectable");

    final Resources resources;
    private final String where;
    private final Map<String, String> all = new LinkedHashMap<>();
    private final Set<String> asked = new HashSet<>();

    Attributes(Element element, Resources resources) {
        this.resources = resources;
        Map<String, String> own = Xml.attributes(element);
        String style = own.remove("style");
        if (style != null) {
            all.putAll(resources.style(style));
        }
        all.putAll(own);
        where = "<" + element.getTagName() + (own.containsKey("id") ? " " + own.get("id") : "") + ">";
    }

    /** The element, for messages. */
    String where() {
        return where;
    }

    boolean has(String name) {
        return all.containsKey(name);
    }

    /** What an attribute stands for, with references followed; null without it, or where it is {@code @null}. */
    String get(String name) {
        asked.add(name);
        String value = all.get(name);
        value = value == null ? null : resources.resolve(value);
        return "@null".equals(value) ? null : value;
    }

    String get(String name, String otherwise) {
        String value = get(name);
        return value == null ? otherwise : value;
    }

    /** A length in pixels. */
    float pixels(String name, float otherwise) {
        String value = get(name);
        return value == null ? otherwise : resources.device.pixels(value, where + " " + name);
    }

    /** A length in whole pixels. */
    int size(String name, int otherwise) {
        String value = get(name);
        return value == null ? otherwise : resources.device.size(value, where + " " + name);
    }

    float number(String name, float otherwise) {
        String value = get(name);
        return value == null ? otherwise : Float.parseFloat(value);
    }

    boolean flag(String name, boolean otherwise) {
        String value = get(name);
        return value == null ? otherwise : Boolean.parseBoolean(value);
    }

    /** One of a few words; any other is named in an error. */
    String word(String name, String otherwise, String... words) {
        String value = get(name, otherwise);
        if (!Set.of(words).contains(value)) {
            throw new ScreensException(where + " has " + name + "=\"" + value
                    + "\", which is not drawn here; known are " + String.join(", ", words));
        }
        return value;
    }

    /** The identifier without {@code @+id/}; empty without one. */
    String id() {
        asked.add("id");
        return all.getOrDefault("id", "").replaceFirst("^@\\+?id/", "");
    }

    /** The array that a list shows; null without one. */
    String entries() {
        asked.add("entries");
        return all.get("entries");
    }

    /** What is drawn for an attribute; null without it. */
    Drawable drawable(String name) {
        String value = get(name);
        return value == null ? null : Drawables.read(value, resources);
    }

    Colors color(String name) {
        String value = get(name);
        return value == null ? null : Colors.read(value, resources);
    }

    /** Fails with the name of what nobody asked for: it would be missing in the picture. */
    void finish() {
        for (String name : all.keySet()) {
            if (!asked.contains(name) && !UNSEEN.contains(name)) {
                throw new ScreensException(where + " has " + name + "=\"" + all.get(name)
                        + "\", which is not drawn here; teach it to its class, or to UNSEEN in Attributes.java");
            }
        }
    }
}
