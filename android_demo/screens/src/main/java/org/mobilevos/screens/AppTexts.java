package org.mobilevos.screens;

import org.mobilevos.demo.logic.Figures;
import org.mobilevos.demo.logic.Stages;

/** The app's texts with figures, as its FiguresText makes them of its strings. */
final class AppTexts {
    private final Resources resources;

    AppTexts(Resources resources) {
        this.resources = resources;
    }

    /** The lines below the camera's picture. */
    String camera(Following following, String engine) {
        Stages.Summary stages = following.stages;
        return resources.string("figures_ids", Figures.ids(following.ids), 0) + "\n"
                + resources.string("figures_speed", stages.framesPerSecond, stages.totalP50, stages.totalP95) + "\n"
                + Figures.medians(stages, names()) + "\n" + resources.string("figures_engine", engine);
    }

    /** The table of a measurement. */
    String table(Stages.Summary stages) {
        return Figures.table(stages, names(), resources.string("stage_total"), resources.string("frames_per_second"));
    }

    private String[] names() {
        return resources.array("@array/stages").toArray(new String[0]);
    }
}
