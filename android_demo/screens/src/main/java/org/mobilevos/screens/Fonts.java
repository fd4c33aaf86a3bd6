package org.mobilevos.screens;

import java.awt.Font;
import java.awt.FontFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Android's font, Roboto, as Debian has it, and a monospaced one that is as wide as Android's, to 0.4 percent. */
final class Fonts {
    /** Height of a line and what lies above its base line, for a size of 1; both fonts say so to 1 percent. */
    static final float LINE = 1.172f;
    static final float ASCENT = 0.928f;
    /** What Android adds above the first line and below the last (includeFontPadding). */
    static final float FIRST = 0.128f;
    static final float LAST = 0.027f;

    private static final Path FOLDER = Path.of("/usr/share/fonts/truetype");
    private static final String ROBOTO = "roboto/unhinted/RobotoTTF/Roboto-";
    private static final Map<String, String> FILES = Map.of(
            "sans-serif", ROBOTO + "Regular.ttf",
            "sans-serif-medium", ROBOTO + "Medium.ttf",
            "bold", ROBOTO + "Bold.ttf",
            "monospace", "dejavu/DejaVuSansMono.ttf");
    private static final Map<String, Font> READ = new HashMap<>();

    private Fonts() {}

    /** A font of a family by Android's name, in pixels. */
    static synchronized Font of(String family, float size) {
        String file = FILES.get(family);
        if (file == null) {
            throw new ScreensException("the font family '" + family + "' is not known here; teach it to Fonts.java");
        }
        return READ.computeIfAbsent(family, name -> read(FOLDER.resolve(file))).deriveFont(size);
    }

    private static Font read(Path file) {
        if (!Files.exists(file)) {
            throw new ScreensException("the font " + file
                    + " is missing; 'bash android_demo/tools/install_debian.sh FOLDER' installs it");
        }
        try {
            return Font.createFont(Font.TRUETYPE_FONT, file.toFile());
        } catch (FontFormatException | IOException error) {
            throw new ScreensException(file + " cannot be used: " + error.getMessage(), error);
        }
    }
}
