package org.mobilevos.screens;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.RoundRectangle2D;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.w3c.dom.Element;

/** Reads drawables: colours, shapes, selectors, layers, ripples at rest, and vectors. */
final class Drawables {
    private Drawables() {}

    /** From a resolved value: a colour, or a file {@code @drawable/...}. */
    static Drawable read(String value, Resources resources) {
        if (value.startsWith("#") || value.startsWith("@color/")) {
            Colors colors = Colors.read(value, resources);
            return (graphics, width, height, state) -> {
                graphics.setColor(colors.of(state));
                graphics.fillRect(0, 0, width, height);
            };
        }
        return read(resources.xml(value), resources);
    }

    private static Drawable read(Element element, Resources resources) {
        return switch (element.getTagName()) {
            case "shape" -> shape(element, resources);
            case "selector" -> selector(element, resources);
            // A ripple is seen while it is touched; at rest, what it lies over.
            case "ripple", "layer-list" -> layers(element, resources);
            case "vector" -> new VectorDrawable(element, resources);
            default -> throw new ScreensException("<" + element.getTagName()
                    + "> is a drawable that is not known here; teach it to Drawables.java");
        };
    }

    /** Fails where an element is not what it should be. */
    static void expect(Element element, String tag) {
        if (!element.getTagName().equals(tag)) {
            throw new ScreensException("<" + element.getTagName() + "> stands where <" + tag + "> belongs");
        }
    }

    /** Fails where an element has attributes other than these. */
    static void only(Map<String, String> attributes, Element element, String... known) {
        for (String name : attributes.keySet()) {
            if (!Set.of(known).contains(name)) {
                throw new ScreensException("<" + element.getTagName() + "> has " + name + "=\"" + attributes.get(name)
                        + "\", which is not drawn here; teach it to Drawables.java");
            }
        }
    }

    /** The drawable that an item names or holds. */
    private static Drawable item(Element item, Resources resources) {
        String named = Xml.attributes(item).get("drawable");
        return named != null ? read(resources.resolve(named), resources)
                : read(Xml.children(item).get(0), resources);
    }

    private static Drawable selector(Element element, Resources resources) {
        record Choice(Map<String, String> conditions, Drawable drawable) {}
        List<Choice> choices = new ArrayList<>();
        for (Element item : Xml.children(element)) {
            Map<String, String> conditions = Xml.attributes(item);
            conditions.remove("drawable");
            choices.add(new Choice(conditions, item(item, resources)));
        }
        return (graphics, width, height, state) -> choices.stream()
                .filter(choice -> state.matches(choice.conditions())).findFirst()
                .ifPresent(choice -> choice.drawable().draw(graphics, width, height, state));
    }

    private static Drawable layers(Element element, Resources resources) {
        List<Drawable> layers = new ArrayList<>();
        for (Element item : Xml.children(element)) {
            Map<String, String> attributes = Xml.attributes(item);
            only(attributes, item, "drawable", "id");
            if (!"@android:id/mask".equals(attributes.get("id"))) {
                layers.add(item(item, resources));
            }
        }
        return (graphics, width, height, state) -> layers.forEach(layer -> layer.draw(graphics, width, height, state));
    }

    private static Drawable shape(Element element, Resources resources) {
        Map<String, String> own = Xml.attributes(element);
        only(own, element, "shape");
        boolean oval = own.getOrDefault("shape", "rectangle").equals("oval");
        Color fill = null;
        Color line = null;
        float lineWidth = 0;
        float radius = 0;
        for (Element part : Xml.children(element)) {
            Map<String, String> attributes = Xml.attributes(part);
            attributes.replaceAll((name, value) -> resources.resolve(value));
            switch (part.getTagName()) {
                case "solid" -> {
                    only(attributes, part, "color");
                    fill = Colors.literal(attributes.get("color"));
                }
                case "corners" -> {
                    only(attributes, part, "radius");
                    radius = resources.device.pixels(attributes.get("radius"), "<corners>");
                }
                case "stroke" -> {
                    only(attributes, part, "color", "width");
                    line = Colors.literal(attributes.get("color"));
                    lineWidth = resources.device.pixels(attributes.get("width"), "<stroke>");
                }
                case "size" -> only(attributes, part, "width", "height"); // where it is drawn has a size of its own
                default -> throw new ScreensException("<" + part.getTagName()
                        + "> in a shape is not known here; teach it to Drawables.java");
            }
        }
        return new ShapeDrawable(oval, fill, line, lineWidth, radius);
    }

    private record ShapeDrawable(boolean oval, Color fill, Color line, float lineWidth, float radius)
            implements Drawable {
        @Override
        public void draw(Graphics2D graphics, int width, int height, State state) {
            // A line lies within the shape.
            float in = lineWidth / 2;
            float across = width - lineWidth;
            float down = height - lineWidth;
            Shape shape = oval ? new Ellipse2D.Float(in, in, across, down)
                    : new RoundRectangle2D.Float(in, in, across, down, 2 * radius, 2 * radius);
            if (fill != null) {
                graphics.setColor(fill);
                graphics.fill(shape);
            }
            if (line != null) {
                graphics.setColor(line);
                graphics.setStroke(new BasicStroke(lineWidth));
                graphics.draw(shape);
            }
        }
    }
}
