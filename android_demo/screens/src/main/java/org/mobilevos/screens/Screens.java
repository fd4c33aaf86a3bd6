package org.mobilevos.screens;

import java.util.List;
import org.mobilevos.core.ArtifactSpec;
import org.mobilevos.core.Mask;
import org.mobilevos.core.RgbImage;
import org.mobilevos.core.Selection;
import org.mobilevos.demo.logic.Figures;
import org.mobilevos.demo.logic.TimeText;

/** The app's screens in the states that its tabs bring them into. */
final class Screens {
    /** CPU threads that the model runs with. */
    static final int THREADS = 1;
    private static final int MAN = 1;
    // In all of juggle.mp4.
    private static final int VIDEO_FRAMES = 247;
    // On the first upright frame: from the head to a foot, and the grass between the feet.
    private static final int[][] BODY = {{205, 210, 205, 185, 165}, {95, 200, 300, 450, 580}};
    private static final int[][] GRASS = {{211, 211, 208}, {520, 580, 650}};

    private final ArtifactSpec spec;
    private final String engine;
    private final Clip upright;
    private final Following camera;
    private final Following video;
    private final Following bench;
    private final Clip wide;

    /**
     * What the screens show.
     *
     * @param engine what ran the model, for the figures
     * @param camera `upright` that was followed, as the frames of a camera that is held upright
     * @param video `wide` that was followed, as a file's frames, or a camera's that lies on its side
     * @param bench one object of `wide` that was followed
     */
    Screens(ArtifactSpec spec, String engine, Clip upright, Following camera, Clip wide, Following video,
            Following bench) {
        this.spec = spec;
        this.engine = engine;
        this.upright = upright;
        this.camera = camera;
        this.wide = wide;
        this.video = video;
        this.bench = bench;
    }

    /** Before the user has allowed the camera. */
    Screen permission(Resources resources) {
        Screen screen = live("camera-permission", resources);
        screen.show("permission", true);
        screen.show("camera_controls", false);
        return screen;
    }

    /** Live pictures, in which nothing is marked yet. */
    Screen preview(Resources resources) {
        Screen screen = live("camera-preview", resources);
        screen.paint("preview", new Pictures(resources).live(upright.frame(0)));
        return screen;
    }

    private Screen live(String name, Resources resources) {
        Screen screen = new Screen(name, resources, "camera");
        screen.show("camera_following", false);
        screen.selection("camera_selection", "tool_box", false, true);
        screen.text("camera_message", resources.string("hint_preview"));
        screen.text("camera_figures", resources.string("figures_engine", engine));
        return screen;
    }

    /** Objects are followed through live pictures; the camera's are as high or as wide as the screen. */
    Screen following(Resources resources) {
        boolean wider = resources.device.width() > resources.device.height();
        Following camera = wider ? video : this.camera;
        Screen screen = new Screen(wider ? "camera-landscape" : "camera-following", resources, "camera");
        Pictures pictures = new Pictures(resources);
        screen.paint("preview", pictures.live(camera.frame));
        screen.paint("camera_frame", pictures.layer(camera.mask));
        screen.show("camera_selection", false);
        screen.enable("add_object", camera.ids.length < spec.maxObjects);
        screen.text("camera_message", resources.string("hint_following"));
        screen.text("camera_figures", new AppTexts(resources).camera(camera, engine));
        return screen;
    }

    /** On a frozen picture an object was marked by one stroke, and what is too much is being painted over. */
    Screen painting(Resources resources) {
        Screen screen = new Screen("camera-painting", resources, "camera");
        Pictures pictures = new Pictures(resources);
        screen.show("camera_following", false);
        screen.selection("camera_selection", "tool_minus", true, false);
        screen.text("camera_message", resources.string("hint_refine"));
        screen.text("camera_figures", resources.string("figures_engine", engine));
        screen.layout();
        RgbImage frame = upright.frame(0);
        int radius = Math.round(resources.dimension("brush") * frame.height / screen.view("camera_frame").height);
        Selection selection = new Selection(frame, MAN, null);
        selection.stroke(BODY[0], BODY[1], BODY[0].length, radius, true);
        screen.paint("preview", pictures.live(frame));
        screen.paint("camera_frame",
                pictures.painting(pictures.whole(frame, selection.mask()), frame, GRASS[0], GRASS[1]));
        return screen;
    }

    /** The first frame of a video was chosen, and the objects on it are marked. */
    Screen marking(Resources resources) {
        Screen screen = video("video-marking", resources, wide.frame(0), wide.mask(0));
        screen.text("video_message", resources.string("video_refine"));
        screen.selection("video_selection", "tool_box", true, false);
        for (String id : List.of("video_position", "video_progress", "choose_frame", "video_results")) {
            screen.show(id, false);
        }
        return screen;
    }

    /** A video is being followed. */
    Screen video(Resources resources) {
        Screen screen = video("video-following", resources, video.frame, video.mask);
        screen.text("video_message", resources.string("video_following", video.count, engine));
        screen.progress("progress", (float) video.count / VIDEO_FRAMES);
        for (String id : List.of("video_position", "video_selection", "video_add", "choose_video", "choose_frame",
                "video_results")) {
            screen.show(id, false);
        }
        return screen;
    }

    /** A video was followed, and another frame is looked for in it. */
    Screen choosing(Resources resources) {
        Screen screen = video("video-choosing", resources, wide.frame(0), new Mask(wide.width, wide.height));
        screen.text("video_message", resources.string("video_choosing", "juggle.mp4"));
        screen.text("position_text", TimeText.of(0));
        for (String id : List.of("video_selection", "video_add", "video_progress")) {
            screen.show(id, false);
        }
        return screen;
    }

    private Screen video(String name, Resources resources, RgbImage frame, Mask mask) {
        Screen screen = new Screen(name, resources, "video");
        screen.paint("video_frame", new Pictures(resources).whole(frame, mask));
        return screen;
    }

    /** A model was measured. */
    Screen bench(Resources resources) {
        Screen screen = new Screen("bench", resources, "bench");
        String model = Figures.model(spec);
        screen.text("bench_settings",
                resources.string("bench_settings", model, resources.string("cpu"), THREADS));
        screen.enable("bench_cancel", false);
        screen.view("bench_progress").invisible = true;
        screen.text("bench_message", "");
        screen.text("bench_results", resources.string("bench_result", model, engine) + "\n"
                + new AppTexts(resources).table(bench.stages));
        return screen;
    }

    /** The settings, which lie over a tab. */
    Dialog settings(Resources resources) {
        View content = new Inflater(resources).inflate("settings");
        choose(resources, content, "setting_model", Figures.model(spec));
        choose(resources, content, "setting_threads", "4");
        content.find("setting_unusable").gone = true;
        for (String id : List.of("setting_gpu", "setting_half", "setting_sustained", "setting_cache")) {
            content.find(id).checked = true;
        }
        return new Dialog(resources, resources.string("settings"), content, resources.string("cancel"),
                resources.string("use"));
    }

    private static void choose(Resources resources, View content, String picker, String text) {
        TextBox entry = (TextBox) new Inflater(resources).inflate("entry");
        entry.text = text;
        ((Picker) content.find(picker)).entry = entry;
    }
}
