package org.mobilevos.demo;

import android.content.Context;
import org.mobilevos.demo.logic.Figures;
import org.mobilevos.demo.logic.Stages;

/** Figures as lines of text. */
final class FiguresText {
    private FiguresText() {}

    /** The delegate that really runs the model, with the reason where it is not the one that was asked for. */
    static String engine(Context context, String engine, String fallback) {
        return engine == null ? context.getString(R.string.engine_none)
                : fallback.isEmpty() ? engine : context.getString(R.string.engine_fallback, engine, fallback);
    }

    /** The lines below the camera's picture. */
    static String camera(Context context, CameraStatus status) {
        String engine = context.getString(R.string.figures_engine, engine(context, status.engine, status.fallback));
        if (status.ids.length == 0 || status.stages.frames < 2) {
            return engine;
        }
        return context.getString(R.string.figures_ids, Figures.ids(status.ids), status.dropped) + "\n"
                + context.getString(R.string.figures_speed, status.stages.framesPerSecond, status.stages.totalP50,
                        status.stages.totalP95) + "\n" + Figures.medians(status.stages, names(context)) + "\n" + engine;
    }

    /** Median and 95th percentile of each stage, in milliseconds. */
    static String table(Context context, Stages.Summary stages) {
        return Figures.table(stages, names(context), context.getString(R.string.stage_total),
                context.getString(R.string.frames_per_second));
    }

    private static String[] names(Context context) {
        return context.getResources().getStringArray(R.array.stages);
    }
}
