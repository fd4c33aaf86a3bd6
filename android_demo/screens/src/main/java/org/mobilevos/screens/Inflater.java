package org.mobilevos.screens;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.w3c.dom.Element;

/** Makes views of the app's layouts; an element or attribute that it does not know fails with its name. */
final class Inflater {
    private final Resources resources;

    Inflater(Resources resources) {
        this.resources = resources;
    }

    /** The views of {@code layout/NAME.xml}. */
    View inflate(String name) {
        return inflate(resources.xml("@layout/" + name));
    }

    private View inflate(Element element) {
        if (element.getTagName().equals("include")) {
            return included(element);
        }
        Attributes attributes = new Attributes(element, resources);
        List<View> children = new ArrayList<>();
        for (Element child : Xml.children(element)) {
            children.add(inflate(child));
        }
        View view = view(element.getTagName(), attributes, children);
        attributes.finish();
        return view;
    }

    private View included(Element element) {
        Map<String, String> attributes = Xml.attributes(element);
        Element root = resources.xml(attributes.remove("layout"));
        // What the include says counts more than what the included root says.
        attributes.forEach((name, value) ->
                root.setAttributeNS("http://schemas.android.com/apk/res/android", "android:" + name, value));
        return inflate(root);
    }

    private View view(String tag, Attributes attributes, List<View> children) {
        View view = switch (tag) {
            case "LinearLayout" -> new Linear(attributes, "horizontal");
            case "RadioGroup" -> new Linear(attributes, "vertical");
            case "org.mobilevos.demo.TurningLayout" -> new Turning(attributes);
            case "FrameLayout" -> new Frame(attributes, Frame.Scroll.NONE);
            case "ScrollView" -> new Frame(attributes, Frame.Scroll.DOWN);
            case "HorizontalScrollView" -> new Frame(attributes, Frame.Scroll.ACROSS);
            case "TextView", "Button", "RadioButton", "ToggleButton" -> new TextBox(attributes);
            case "Switch" -> new SwitchBox(attributes);
            case "ImageView" -> new ImageBox(attributes, "fitCenter");
            case "ImageButton" -> new ImageBox(attributes, "center");
            case "SeekBar" -> new Slider(attributes, true);
            case "ProgressBar" -> new Slider(attributes, false);
            case "Spinner" -> new Picker(attributes);
            case "TextureView", "org.mobilevos.demo.FrameView" -> new PictureBox(attributes);
            default -> throw new ScreensException(attributes.where()
                    + " is a view that is not known here; teach it to Inflater.java");
        };
        view.touched = Set.of("Button", "RadioButton", "ToggleButton", "Switch", "ImageButton", "SeekBar", "Spinner")
                .contains(tag);
        if (!children.isEmpty()) {
            view.children().addAll(children);
        }
        return view;
    }
}
