package org.mobilevos.screens;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.mobilevos.core.Artifact;
import org.mobilevos.core.Engine;
import org.mobilevos.core.EngineOptions;
import org.mobilevos.core.EngineProvider;
import org.mobilevos.core.MobileVosException;

/**
 * Draws the app's screens to PNG files from its own layouts, with real masks. Exits with 1 where a text does not fit
 * its box or cannot be read, or a view leaves its parent or is too small for a finger; each is named.
 */
public final class DrawScreens {
    private static final String THEME = "Theme.MobileVos";
    // The largest text that Android's settings offered before version 14.
    private static final float LARGE = 1.3f;

    private final Path res;
    private final Path out;
    private final List<String> faults = new ArrayList<>();

    private DrawScreens(Path res, Path out) {
        this.res = res;
        this.out = out;
    }

    /** Arguments: the app's {@code res}, a folder with the clips, an artifact, and the folder for the pictures. */
    public static void main(String[] arguments) {
        if (arguments.length != 4) {
            System.err.println("usage: DrawScreens RES CLIPS ARTIFACT OUT (tools/draw_screens.sh calls it)");
            System.exit(2);
        }
        try {
            DrawScreens program = new DrawScreens(Path.of(arguments[0]), Path.of(arguments[3]));
            program.draw(Path.of(arguments[1]), Path.of(arguments[2]));
            program.faults.forEach(System.err::println);
            System.exit(program.faults.isEmpty() ? 0 : 1);
        } catch (ScreensException | MobileVosException | IOException error) {
            System.err.println("draw_screens: " + error.getMessage());
            System.exit(1);
        }
    }

    private void draw(Path clips, Path artifact) throws IOException {
        Resources day = new Resources(res, Device.phone(false), THEME);
        Resources night = new Resources(res, Device.phone(true), THEME);
        Resources turned = new Resources(res, Device.phone(false).turned(), THEME);
        Resources large = new Resources(res, Device.phone(false).withFontScale(LARGE), THEME);
        for (String layout : List.of("activity_main", "settings")) {
            new Inflater(day).inflate(layout); // what cannot be drawn is told before the slow part
        }
        Clip upright = new Clip(clips, "upright");
        Clip wide = new Clip(clips, "wide");
        Screens screens;
        try (Engine engine = EngineProvider.installed().open(
                Artifact.read(artifact.toFile()), EngineOptions.cpu(Screens.THREADS))) {
            // No figure may pass for a phone's.
            String name = engine.name() + " (desktop JVM)";
            screens = new Screens(engine.spec(), name, upright, new Following(engine, upright, 0), wide,
                    new Following(engine, wide, 0), new Following(engine, wide, 1));
        }
        for (Screen screen : all(screens, large, large)) {
            tell(screen.name + " with large text", canvas(screen));
        }
        tell("settings with large text", settings(screens, large));
        for (Screen screen : all(screens, day, night)) {
            write(screen.name, canvas(screen));
        }
        Screen landscape = screens.following(turned);
        write(landscape.name, canvas(landscape));
        write("settings", settings(screens, day));
    }

    private static Canvas settings(Screens screens, Resources resources) {
        Screen below = screens.following(resources);
        Canvas canvas = canvas(below);
        canvas.faults().clear(); // those of the screen below are told already
        screens.settings(resources).draw(below, canvas);
        return canvas;
    }

    private static List<Screen> all(Screens screens, Resources day, Resources night) {
        return List.of(screens.permission(day), screens.preview(night), screens.following(day), screens.painting(night),
                screens.marking(day), screens.video(day), screens.choosing(night), screens.bench(day));
    }

    private static Canvas canvas(Screen screen) {
        Canvas canvas = Canvas.of(screen.resources.device, new ArrayList<>());
        screen.draw(canvas);
        return canvas;
    }

    private void write(String name, Canvas canvas) throws IOException {
        tell(name, canvas);
        Path file = out.resolve(name + ".png");
        ImageIO.write(canvas.image(), "png", file.toFile());
        System.out.println(file);
    }

    private void tell(String name, Canvas canvas) {
        canvas.faults().forEach(fault -> faults.add(name + ": " + fault));
    }
}
