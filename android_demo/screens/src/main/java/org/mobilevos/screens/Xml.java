package org.mobilevos.screens;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/** Reads resource files. */
final class Xml {
    private static final String ANDROID = "http://schemas.android.com/apk/res/android";
    private static final String DECLARATIONS = "http://www.w3.org/2000/xmlns/";

    private Xml() {}

    static Element read(Path file) {
        try (InputStream stream = Files.newInputStream(file)) {
            return read(stream, file.toString());
        } catch (IOException error) {
            throw new ScreensException(file + " cannot be read: " + error.getMessage(), error);
        }
    }

    static Element read(InputStream stream, String name) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            return factory.newDocumentBuilder().parse(stream).getDocumentElement();
        } catch (SAXException | IOException | ParserConfigurationException error) {
            throw new ScreensException(name + " is not the XML of a resource: " + error.getMessage(), error);
        }
    }

    static List<Element> children(Element parent) {
        List<Element> children = new ArrayList<>();
        for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element element) {
                children.add(element);
            }
        }
        return children;
    }

    /** An element's attributes by name, Android's without its prefix; declarations and lint's are left out. */
    static Map<String, String> attributes(Element element) {
        Map<String, String> attributes = new LinkedHashMap<>();
        NamedNodeMap all = element.getAttributes();
        for (int index = 0; index < all.getLength(); index++) {
            Node attribute = all.item(index);
            String space = attribute.getNamespaceURI();
            if (space == null || space.equals(ANDROID)) {
                attributes.put(attribute.getLocalName(), attribute.getNodeValue());
            } else if (!space.equals(DECLARATIONS) && !space.equals("http://schemas.android.com/tools")) {
                throw new ScreensException("<" + element.getTagName() + "> has " + attribute.getNodeName()
                        + ", whose namespace is not known here; teach it to Xml.java");
            }
        }
        return attributes;
    }
}
