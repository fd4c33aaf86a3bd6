package org.mobilevos.screens;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.w3c.dom.Element;

/**
 * The app's own resources, with those of the night where it is dark, over the few of the platform's that they build on
 * (platform.xml). What is missing or of an unknown kind is named.
 */
final class Resources {
    private static final int DEEPEST = 16;

    /** A style: what it says, and the name of what it adds to; null for nothing. */
    private record Style(String parent, Map<String, String> items) {}

    final Device device;
    private final Path folder;
    // "string/reset" and so on, to the text of the element; names of the platform begin with "android:".
    private final Map<String, String> values = new HashMap<>();
    private final Map<String, List<String>> arrays = new HashMap<>();
    private final Map<String, Style> styles = new HashMap<>();
    private final Map<String, String> theme;

    /** Reads the folder {@code res} for a device, with one of its themes. */
    Resources(Path folder, Device device, String themeName) {
        this.folder = folder;
        this.device = device;
        try (InputStream stream = Resources.class.getResourceAsStream("platform.xml")) {
            add(Xml.read(stream, "platform.xml"), "android:");
        } catch (IOException error) {
            throw new ScreensException("platform.xml cannot be read", error);
        }
        addFolder("values");
        if (device.night()) {
            addFolder("values-night");
        }
        theme = style("@style/" + themeName);
    }

    private void addFolder(String name) {
        try (var files = Files.list(folder.resolve(name))) {
            files.sorted().forEach(file -> add(Xml.read(file), ""));
        } catch (IOException error) {
            throw new ScreensException(folder.resolve(name) + " cannot be read; it holds the app's values", error);
        }
    }

    private void add(Element root, String prefix) {
        for (Element element : Xml.children(root)) {
            String name = prefix + element.getAttribute("name");
            switch (element.getTagName()) {
                case "string", "color", "dimen", "integer", "bool" ->
                    values.put(element.getTagName() + "/" + name, Texts.unescaped(element.getTextContent()));
                case "style" -> styles.put(name, styleOf(element, name, prefix));
                case "string-array", "integer-array" -> arrays.put("array/" + name,
                        Xml.children(element).stream().map(item -> Texts.unescaped(item.getTextContent())).toList());
                default -> throw new ScreensException("<" + element.getTagName() + " name=\"" + name
                        + "\"> is a kind of value that is not known here; teach it to Resources.java");
            }
        }
    }

    private static Style styleOf(Element element, String name, String prefix) {
        int dot = name.lastIndexOf('.');
        String parent = element.hasAttribute("parent") ? element.getAttribute("parent").replaceFirst("^@style/", "")
                : dot > 0 && prefix.isEmpty() ? name.substring(0, dot) : "";
        Map<String, String> items = new LinkedHashMap<>();
        for (Element item : Xml.children(element)) {
            items.put(item.getAttribute("name").replaceFirst("^android:", ""), item.getTextContent().strip());
        }
        return new Style(parent.isEmpty() ? null : parent, items);
    }

    /** All items of a style and of those it builds on. */
    Map<String, String> style(String reference) {
        String name = reference.replaceFirst("^@(android:)?style/", "$1");
        Style style = styles.get(name);
        if (style == null) {
            throw new ScreensException("the style '" + name + "' is not known"
                    + (name.startsWith("android:") ? "; write what the platform says of it into platform.xml" : ""));
        }
        Map<String, String> items = new LinkedHashMap<>();
        if (style.parent() != null) {
            items.putAll(style("@style/" + style.parent()));
        }
        items.putAll(style.items());
        return items;
    }

    /** What a value stands for: references to values and to the theme are followed; files and literals stay. */
    String resolve(String value) {
        String found = value;
        for (int depth = 0; depth < DEEPEST; depth++) {
            if (found.startsWith("?")) {
                found = theme.get(found.replaceFirst("^\\?(android:)?(attr/)?", ""));
                if (found == null) {
                    throw new ScreensException("the theme does not say what " + value + " is");
                }
            } else if (found.startsWith("@") && !found.equals("@null") && file(found) == null) {
                String name = found.replaceFirst("^@(android:)?(\\w+)/", "$2/$1");
                found = values.get(name);
                if (found == null) {
                    throw new ScreensException("there is no " + value + " among the resources in " + folder);
                }
            } else {
                return found;
            }
        }
        throw new ScreensException(value + " refers to itself");
    }

    /** The file that a reference such as {@code @drawable/action} names; null where it names a value. */
    Path file(String reference) {
        if (!reference.matches("@(drawable|layout|color)/.*")) {
            return null;
        }
        Path file = folder.resolve(reference.substring(1) + ".xml");
        return Files.exists(file) ? file : null;
    }

    /** The root of the file that a reference names. */
    Element xml(String reference) {
        Path file = file(reference);
        if (file == null) {
            throw new ScreensException("there is no file for " + reference + " in " + folder);
        }
        return Xml.read(file);
    }

    /** A string of the app with its arguments, as {@code Context.getString} gives it. */
    String string(String name, Object... arguments) {
        String text = resolve("@string/" + name);
        return arguments.length == 0 ? text : String.format(Locale.ENGLISH, text, arguments);
    }

    /** The texts of an array, such as {@code @array/stages}. */
    List<String> array(String reference) {
        List<String> items = arrays.get(reference.substring(1));
        if (items == null) {
            throw new ScreensException("there is no " + reference + " among the resources in " + folder);
        }
        List<String> texts = new ArrayList<>();
        items.forEach(item -> texts.add(resolve(item)));
        return texts;
    }

    /** A dimension of the app in pixels. */
    float dimension(String name) {
        return device.pixels(resolve("@dimen/" + name), name);
    }
}
