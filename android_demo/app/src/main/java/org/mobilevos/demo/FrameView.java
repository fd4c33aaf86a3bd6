package org.mobilevos.demo;

import android.content.Context;
import android.graphics.Canvas;
import android.graphics.Paint;
import android.graphics.RectF;
import android.util.AttributeSet;
import android.view.GestureDetector;
import android.view.HapticFeedbackConstants;
import android.view.MotionEvent;
import android.view.View;
import java.util.Arrays;
import org.mobilevos.demo.logic.ViewMap;

/** Shows what a {@link FramePainter} drew, and takes what a finger draws on it, in pixels of the frame. */
public final class FrameView extends View {
    /** What a finger does. */
    enum Tool {
        /** Taps and long presses on objects. */
        POINT,
        /** Draws a box. */
        BOX,
        /** Paints on the object. */
        PLUS,
        /** Paints beside it. */
        MINUS
    }

    /** Hears what was drawn. */
    interface Listener {
        /** A finger began to draw. */
        void onDrawingBegins();

        /** A box was drawn; it lies in the frame. */
        void onBox(int left, int top, int width, int height);

        /** A stroke was painted through these points, with half its width as radius. */
        void onStroke(int[] xs, int[] ys, int radius, boolean plus);

        /** A tap on a pixel; the radius is that of a finger. */
        void onTap(int x, int y, int radius);

        /** A long press on a pixel. */
        void onLongPress(int x, int y, int radius);
    }

    private static final int FIRST_POINTS = 64;

    private final Paint picture = new Paint(Paint.FILTER_BITMAP_FLAG);
    private final Paint drawing = new Paint(Paint.ANTI_ALIAS_FLAG);
    private final Paint label = new Paint(Paint.ANTI_ALIAS_FLAG);
    private final Paint labelBackground = new Paint(Paint.ANTI_ALIAS_FLAG);
    private final RectF place = new RectF();
    private final float brush;
    private final float outline;
    private final GestureDetector gestures;
    private FramePainter painter;
    private ViewMap map;
    private Listener listener;
    private Tool tool = Tool.POINT;
    // The points of what is being drawn, in pixels of the view.
    private float[] xs = new float[FIRST_POINTS];
    private float[] ys = new float[FIRST_POINTS];
    private int points;

    public FrameView(Context context, AttributeSet attributes) {
        super(context, attributes);
        brush = getResources().getDimension(R.dimen.brush);
        outline = getResources().getDimension(R.dimen.stroke);
        drawing.setStyle(Paint.Style.STROKE);
        drawing.setStrokeCap(Paint.Cap.ROUND);
        label.setColor(context.getColor(R.color.label_text));
        label.setTextSize(getResources().getDimension(R.dimen.label));
        label.setTextAlign(Paint.Align.CENTER);
        label.setFakeBoldText(true);
        labelBackground.setColor(context.getColor(R.color.label_background));
        gestures = new GestureDetector(context, new Gestures());
    }

    void setListener(Listener listener) {
        this.listener = listener;
    }

    /** From now on a finger does this. */
    void setTool(Tool tool) {
        if (this.tool != tool) {
            this.tool = tool;
            points = 0;
            invalidate();
        }
    }

    /** Shows the newest picture of a painter; null: nothing. */
    void show(FramePainter source) {
        if (painter != source) {
            painter = source;
            map = null;
        }
        invalidate();
    }

    @Override
    protected void onSizeChanged(int width, int height, int oldWidth, int oldHeight) {
        ViewMap old = map();
        map = null;
        // What is being drawn stays where it is on the frame: a longer text below moves the picture.
        for (int point = 0; old != null && map() != null && point < points; point++) {
            xs[point] = map.viewX((xs[point] - old.left) / old.scale);
            ys[point] = map.viewY((ys[point] - old.top) / old.scale);
        }
    }

    @Override
    protected void onDraw(Canvas canvas) {
        if (painter != null && map() != null) {
            painter.draw(canvas, map, place, picture, label, labelBackground);
        }
        drawing.setColor(getContext().getColor(tool == Tool.MINUS ? R.color.drawing_minus : R.color.drawing));
        if (tool == Tool.BOX && points > 1) {
            drawing.setStrokeWidth(outline);
            canvas.drawRect(Math.min(xs[0], xs[points - 1]), Math.min(ys[0], ys[points - 1]),
                    Math.max(xs[0], xs[points - 1]), Math.max(ys[0], ys[points - 1]), drawing);
        } else if (points > 0) {
            drawing.setStrokeWidth(2 * brush);
            drawing.setAlpha(160);
            for (int point = 0; point < points; point++) {
                int before = Math.max(0, point - 1);
                canvas.drawLine(xs[before], ys[before], xs[point], ys[point], drawing);
            }
        }
    }

    @Override
    public boolean onTouchEvent(MotionEvent event) {
        if (listener == null || !isEnabled()) {
            return false;
        }
        if (tool == Tool.POINT) {
            return gestures.onTouchEvent(event);
        }
        switch (event.getActionMasked()) {
            case MotionEvent.ACTION_DOWN:
                getParent().requestDisallowInterceptTouchEvent(true);
                points = 0;
                add(event.getX(), event.getY());
                listener.onDrawingBegins();
                break;
            case MotionEvent.ACTION_MOVE:
                if (points > 0) {
                    add(event.getX(), event.getY());
                }
                break;
            case MotionEvent.ACTION_UP:
                if (points > 0) {
                    add(event.getX(), event.getY());
                    finish();
                }
                points = 0;
                break;
            case MotionEvent.ACTION_CANCEL:
                points = 0;
                break;
            default: // a second finger changes nothing
                break;
        }
        invalidate();
        return true;
    }

    /** Where the frame lies; null as long as there is none. */
    private ViewMap map() {
        if (map == null && painter != null && getWidth() > 0 && getHeight() > 0) {
            map = new ViewMap(getWidth(), getHeight(), painter.width, painter.height);
        }
        return map;
    }

    private void add(float x, float y) {
        if (points == xs.length) {
            xs = Arrays.copyOf(xs, 2 * points);
            ys = Arrays.copyOf(ys, 2 * points);
        }
        xs[points] = x;
        ys[points] = y;
        points++;
    }

    private void finish() {
        if (map() == null) {
            return;
        }
        int[] columns = new int[points];
        int[] rows = new int[points];
        for (int point = 0; point < points; point++) {
            columns[point] = map.frameX(xs[point]);
            rows[point] = map.frameY(ys[point]);
        }
        if (tool == Tool.BOX) {
            int last = points - 1;
            listener.onBox(Math.min(columns[0], columns[last]), Math.min(rows[0], rows[last]),
                    Math.abs(columns[last] - columns[0]) + 1, Math.abs(rows[last] - rows[0]) + 1);
        } else {
            listener.onStroke(columns, rows, radius(), tool == Tool.PLUS);
        }
    }

    private int radius() {
        return Math.max(1, Math.round(brush / map.scale));
    }

    /** Taps and long presses. */
    private final class Gestures extends GestureDetector.SimpleOnGestureListener {
        @Override
        public boolean onDown(MotionEvent event) {
            return map() != null;
        }

        @Override
        public boolean onSingleTapUp(MotionEvent event) {
            if (map() != null) {
                listener.onTap(map.frameX(event.getX()), map.frameY(event.getY()), radius());
            }
            return true;
        }

        @Override
        public void onLongPress(MotionEvent event) { // comes even where onDown said no
            if (map() != null) {
                performHapticFeedback(HapticFeedbackConstants.LONG_PRESS);
                listener.onLongPress(map.frameX(event.getX()), map.frameY(event.getY()), radius());
            }
        }
    }
}
