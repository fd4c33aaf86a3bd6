package org.mobilevos.screens;

import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.util.ArrayList;
import java.util.List;

/** How texts are read and broken into lines. */
final class Texts {
    private static final FontRenderContext EXACT = new FontRenderContext(null, true, true);

    private Texts() {}

    /** A string resource as the app sees it: white space collapses, escapes and quotes are undone. */
    static String unescaped(String raw) {
        String collapsed = raw.strip().replaceAll("\\s+", " ");
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < collapsed.length(); at++) {
            char letter = collapsed.charAt(at);
            if (letter == '\\' && at + 1 < collapsed.length()) {
                char escaped = collapsed.charAt(++at);
                if (escaped == 'u') {
                    text.append((char) Integer.parseInt(collapsed.substring(at + 1, at + 5), 16));
                    at += 4;
                } else {
                    text.append(escaped == 'n' ? '\n' : escaped);
                }
            } else if (letter != '"') {
                text.append(letter);
            }
        }
        return text.toString().replace("\n ", "\n");
    }

    static float width(String text, Font font) {
        return (float) font.getStringBounds(text, EXACT).getWidth();
    }

    /** Lines no wider than so many pixels, broken at spaces; a word that is wider stands alone, too wide. */
    static List<String> lines(String text, Font font, float width) {
        List<String> lines = new ArrayList<>();
        for (String paragraph : text.split("\n", -1)) {
            String line = null;
            for (String word : paragraph.split(" ", -1)) {
                String longer = line == null ? word : line + " " + word;
                if (line != null && width(longer, font) > width) {
                    lines.add(line);
                    longer = word;
                }
                line = longer;
            }
            lines.add(line);
        }
        return lines;
    }
}
